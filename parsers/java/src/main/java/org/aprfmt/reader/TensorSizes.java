package org.aprfmt.reader;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What an element type and a shape take, in integers that do not wrap. */
final class TensorSizes {
    private static final int BRIEF_DIMS = 8;

    private TensorSizes() {
    }

    /** The number of elements of a shape of unsigned numbers. */
    static BigInteger product(long[] shape) {
        BigInteger product = BigInteger.ONE;
        for (long dim : shape) {
            product = product.multiply(unsigned(dim));
        }
        return product;
    }

    /** The sizes in bytes that a tensor may have, the usual one first. */
    static List<BigInteger> allowed(DType dtype, long[] shape) {
        BigInteger elements = product(shape);
        BigInteger scale = BigInteger.valueOf(dtype.scaleBytes());
        if (elements.signum() == 0) {
            return List.of(BigInteger.ZERO, scale);
        }
        BigInteger packed = blocks(dtype, elements).add(scale);
        if (!dtype.isRowPadded() || shape.length != 2) {
            return List.of(packed);
        }
        return List.of(packed, unsigned(shape[0]).multiply(blocks(dtype, unsigned(shape[1]))));
    }

    private static BigInteger blocks(DType dtype, BigInteger elements) {
        BigInteger block = BigInteger.valueOf(dtype.blockElems());
        BigInteger count = elements.add(block).subtract(BigInteger.ONE).divide(block);
        return count.multiply(BigInteger.valueOf(dtype.blockBytes()));
    }

    private static BigInteger unsigned(long value) {
        BigInteger signed = BigInteger.valueOf(value);
        return value >= 0 ? signed : signed.add(BigInteger.ONE.shiftLeft(Long.SIZE));
    }

    /** Sizes for a message; the product of 255 large dimensions has thousands of digits. */
    static String text(List<BigInteger> sizes) {
        return sizes.stream()
                .distinct()
                .map(n -> n.bitLength() <= Long.SIZE ? n.toString() : "at least 2^" + (n.bitLength() - 1))
                .collect(Collectors.joining(" or ", "", " bytes"));
    }

    /** A shape for a message, cut when it has more dimensions than a model has. */
    static String brief(long[] shape) {
        if (shape.length <= BRIEF_DIMS) {
            return text(shape);
        }
        String kept = text(Arrays.copyOf(shape, BRIEF_DIMS));
        return kept.substring(0, kept.length() - 1) + ", … " + shape.length + " dimensions]";
    }

    /** A shape for people. */
    static String text(long[] shape) {
        return Arrays.stream(shape).mapToObj(Long::toUnsignedString).collect(Collectors.joining(", ", "[", "]"));
    }
}
