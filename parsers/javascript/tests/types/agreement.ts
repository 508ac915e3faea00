// The declarations say what the code does: every public thing of the code is of the type that is declared.
import type * as declared from '../../types/index.js';
import * as code from '../../src/index.js';

export const openSync: typeof declared.openSync = code.openSync;
export const printable: typeof declared.printable = code.printable;
export const DEFAULT_LIMITS: typeof declared.DEFAULT_LIMITS = code.DEFAULT_LIMITS;
export const DType: typeof declared.DType = code.DType;

export const aprError = (error: code.AprError): declared.AprError => error;
export const fileError = (error: code.FileError): declared.FileError => error;
export const formatError = (error: code.FormatError): declared.FormatError => error;
export const requestError = (error: code.RequestError): declared.RequestError => error;

type Names<T> = keyof T;
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
// Neither has a name that the other has not.
export const names: Same<Names<typeof declared>, Names<typeof code>> = true;
export const modelNames: Same<Names<declared.Model>, Names<ReturnType<typeof code.openSync>>> = true;
export const tensorNames: Same<
  Names<declared.Tensor>,
  Names<ReturnType<ReturnType<typeof code.openSync>['tensor']>>
> = true;
export const headerNames: Same<Names<declared.Header>, Names<ReturnType<typeof code.openSync>['header']>> = true;
export const limitNames: Same<Names<declared.Limits>, Names<typeof code.DEFAULT_LIMITS>> = true;
