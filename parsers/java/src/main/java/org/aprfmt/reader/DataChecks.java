package org.aprfmt.reader;

import java.math.BigInteger;
import java.util.Comparator;
import java.util.List;

/** Checks that relate tensors to their bytes and to each other: the rules APR-D002 and APR-D003. */
final class DataChecks {
    private static final int LONGEST_NAME = 100;

    private DataChecks() {
    }

    /** Each size is one that the element type and the shape take. */
    static void sizes(List<AprTensor> tensors) throws AprFormatException {
        for (AprTensor tensor : tensors) {
            List<BigInteger> allowed = TensorSizes.allowed(tensor.dtype(), tensor.dims());
            if (!allowed.contains(BigInteger.valueOf(tensor.nbytes()))) {
                String what = ": " + tensor.dtype().typeName() + " " + TensorSizes.brief(tensor.dims());
                String found = tensor.nbytes() + " bytes";
                throw tensor.fault("APR-D002", "len_tensor", TensorSizes.text(allowed), found, what);
            }
        }
    }

    /** No two tensors share bytes; an empty one shares none. */
    static void overlap(List<AprTensor> tensors) throws AprFormatException {
        List<AprTensor> byOffset = tensors.stream()
                .filter(tensor -> tensor.nbytes() > 0)
                .sorted(Comparator.comparingLong(AprTensor::dataOffset))
                .toList();
        AprTensor furthest = null;
        for (AprTensor tensor : byOffset) {
            long end = furthest == null ? 0 : furthest.dataOffset() + furthest.nbytes();
            if (furthest != null && tensor.dataOffset() < end) {
                String found = Long.toString(tensor.dataOffset());
                String what = ": it overlaps " + Texts.quoted(furthest.name(), LONGEST_NAME);
                throw tensor.fault("APR-D003", "ofs_tensor", "an offset of at least " + end, found, what);
            }
            if (tensor.dataOffset() + tensor.nbytes() > end) {
                furthest = tensor;
            }
        }
    }
}
