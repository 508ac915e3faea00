// A user of the package, in strict TypeScript.
import {
  AprError,
  DEFAULT_LIMITS,
  DType,
  type DTypeFacts,
  FileError,
  FormatError,
  type Header,
  type Limits,
  type Model,
  openSync,
  printable,
  RequestError,
  type Tensor,
} from 'aprfmt-reader';

export function list(path: string): string[] {
  using model: Model = openSync(path, {limits: {...DEFAULT_LIMITS, maxTensors: 10}});
  model.verify();
  const header: Header = model.header;
  const major: number = header.versionMajor;
  const footer: number | undefined = model.footer?.checksum;
  const licence: unknown = model.metadata['license'];
  const exact: Record<string, unknown> = model.parseMetadata({
    parseNumber: (text, isInteger) => (isInteger ? BigInt(text) : text),
  });
  console.log(major, footer, licence, exact, header.flagNames.includes('sharded'));
  return model.tensors.map((tensor: Tensor) => printable(tensor.name));
}

export async function read(model: Model): Promise<number> {
  const tensor = model.tensor('w');
  const dtype: DTypeFacts = tensor.dtype;
  if (dtype.id === DType.Q4_K && dtype.quantized) return dtype.blockBytes;
  const elements = tensor.shape.reduce<bigint>((product, dim) => product * BigInt(dim), 1n);
  let total = tensor.bytes({start: 0, end: 4}).length + Number(elements);
  for (const piece of tensor.chunks({size: 4096})) total += piece.byteLength;
  for await (const piece of tensor.stream()) total += (piece as Uint8Array).length;
  return total;
}

export function why(error: unknown): string {
  if (error instanceof FormatError)
    return `${error.rule} ${error.field} ${error.span.start} ${error.expected} ${error.found}`;
  if (error instanceof RequestError || error instanceof FileError) return error.message;
  return error instanceof AprError ? error.name : 'another one';
}

const limits: Limits = DEFAULT_LIMITS;
// @ts-expect-error what is open cannot be changed
openSync('x').tensors[0].name = 'y';
// @ts-expect-error the path is missing
openSync();
// @ts-expect-error there is no such limit
openSync('x', {limits: {maxBananas: 1}});
// @ts-expect-error only the package makes them
new FormatError('APR-F002');
export {limits};
