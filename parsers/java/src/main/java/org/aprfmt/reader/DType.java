// GENERATED, never edited by hand. Source: spec/apr_v2.ksy, SHA-256 d031f7174c8239d51b8ebcc96f7dbf7ad22422fcc575bcd75374bc3c25efd700, and spec/metadata.schema.json, SHA-256 7269cea8492dd3fea70e352a31a8ceced55c2a80a163b08fef0a2acc897a39de.
// Regenerate: python -m aprfmt.codegen --write

package org.aprfmt.reader;

import java.util.Optional;

/** Element type of a tensor. */
public enum DType {
    /** IEEE 754 binary32. */
    F32(0, "f32", 1, 4, 0, false, false),
    /** IEEE 754 binary16. */
    F16(1, "f16", 1, 2, 0, false, false),
    /** IEEE 754 binary64. */
    F64(3, "f64", 1, 8, 0, false, false),
    /** Signed integer of 32 bits. */
    I32(4, "i32", 1, 4, 0, false, false),
    /** Signed integer of 64 bits. */
    I64(5, "i64", 1, 8, 0, false, false),
    /** Signed integer of 8 bits. */
    I8(6, "i8", 1, 1, 0, false, false),
    /** Unsigned integer of 8 bits. */
    U8(7, "u8", 1, 1, 0, false, false),
    /** An id that older writers used for apr_q4. */
    APR_Q4_LEGACY(8, "apr_q4", 32, 18, 0, false, true),
    /** An id that older writers used for apr_q8. */
    APR_Q8_LEGACY(9, "apr_q8", 1, 1, 4, false, true),
    /** Super-blocks of 256 elements at 4 bits with 6-bit scales and minima. */
    Q4_K(12, "q4_k", 256, 144, 0, true, true),
    /** Super-blocks of 256 elements at 6 bits with 8-bit scales. */
    Q6_K(14, "q6_k", 256, 210, 0, true, true),
    /** The upper half of an IEEE 754 binary32. */
    BF16(30, "bf16", 1, 2, 0, false, false),
    /** Blocks of 32 elements, each a binary16 scale and 16 bytes of two 4-bit values, the low half first. */
    APR_Q4(128, "apr_q4", 32, 18, 0, false, true),
    /** One binary32 scale of 4 bytes, then one signed byte an element. */
    APR_Q8(129, "apr_q8", 1, 1, 4, false, true);

    private static final DType[] BY_ID = new DType[130];

    static {
        for (DType type : values()) {
            BY_ID[type.id] = type;
        }
    }

    private final int id;
    private final String typeName;
    private final long blockElems;
    private final long blockBytes;
    private final long scaleBytes;
    private final boolean rowPadded;
    private final boolean quantized;

    DType(int id, String typeName, long blockElems, long blockBytes, long scaleBytes, boolean rowPadded,
            boolean quantized) {
        this.id = id;
        this.typeName = typeName;
        this.blockElems = blockElems;
        this.blockBytes = blockBytes;
        this.scaleBytes = scaleBytes;
        this.rowPadded = rowPadded;
        this.quantized = quantized;
    }

    /**
     * The element type with an id.
     *
     * @param id the number in the file
     * @return the element type, empty when no type has this id
     */
    public static Optional<DType> of(int id) {
        return id >= 0 && id < BY_ID.length ? Optional.ofNullable(BY_ID[id]) : Optional.empty();
    }

    /**
     * The id.
     *
     * @return the number in the file
     */
    public int id() {
        return id;
    }

    /**
     * The name of the type; an old id has the name of the type that it stands for.
     *
     * @return the name in lower case
     */
    public String typeName() {
        return typeName;
    }

    /**
     * Elements of a block.
     *
     * @return the number of elements
     */
    public long blockElems() {
        return blockElems;
    }

    /**
     * Bytes of a block.
     *
     * @return the number of bytes
     */
    public long blockBytes() {
        return blockBytes;
    }

    /**
     * Bytes that stand once in front of the blocks.
     *
     * @return the number of bytes
     */
    public long scaleBytes() {
        return scaleBytes;
    }

    /**
     * Whether each row of a matrix may be filled up to whole blocks.
     *
     * @return true when it may
     */
    public boolean isRowPadded() {
        return rowPadded;
    }

    /**
     * Whether the type is a quantised one.
     *
     * @return true when it is
     */
    public boolean isQuantized() {
        return quantized;
    }
}
