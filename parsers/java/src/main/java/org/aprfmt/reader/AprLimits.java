package org.aprfmt.reader;

/**
 * What a reader is willing to spend on a file that it does not trust. Each limit is checked before memory is allocated
 * for what it bounds; beyond it a file is refused with the rule APR-L001.
 *
 * @param maxMetadataBytes bytes of JSON. Real models embed a tokenizer of some 20 MB
 * @param maxMetadataMembers members of the outermost object
 * @param maxMetadataValues values anywhere in the metadata
 * @param maxIndexBytes bytes of index entries. A model of 670 billion parameters has 92,000 tensors in 6.5 MB
 * @param maxTensors entries of the tensor index
 */
public record AprLimits(
        int maxMetadataBytes, int maxMetadataMembers, int maxMetadataValues, int maxIndexBytes, int maxTensors) {

    /** The limits when none are given: 256 MiB, 100,000, 2,000,000, 256 MiB, 1,000,000. */
    public static final AprLimits DEFAULT =
            new AprLimits(256 * 1024 * 1024, 100_000, 2_000_000, 256 * 1024 * 1024, 1_000_000);

    /**
     * Checks the limits.
     *
     * @param maxMetadataBytes bytes of JSON
     * @param maxMetadataMembers members of the outermost object
     * @param maxMetadataValues values anywhere in the metadata
     * @param maxIndexBytes bytes of index entries
     * @param maxTensors entries of the tensor index
     * @throws IllegalArgumentException when one is negative
     */
    public AprLimits {
        if ((maxMetadataBytes | maxMetadataMembers | maxMetadataValues | maxIndexBytes | maxTensors) < 0) {
            throw new IllegalArgumentException("a limit is negative");
        }
    }

    /**
     * These limits with another one for the bytes of the metadata.
     *
     * @param limit the most bytes
     * @return the new limits
     */
    public AprLimits withMaxMetadataBytes(int limit) {
        return new AprLimits(limit, maxMetadataMembers, maxMetadataValues, maxIndexBytes, maxTensors);
    }

    /**
     * These limits with another one for the members of the metadata.
     *
     * @param limit the most members of the outermost object
     * @return the new limits
     */
    public AprLimits withMaxMetadataMembers(int limit) {
        return new AprLimits(maxMetadataBytes, limit, maxMetadataValues, maxIndexBytes, maxTensors);
    }

    /**
     * These limits with another one for the values of the metadata.
     *
     * @param limit the most values
     * @return the new limits
     */
    public AprLimits withMaxMetadataValues(int limit) {
        return new AprLimits(maxMetadataBytes, maxMetadataMembers, limit, maxIndexBytes, maxTensors);
    }

    /**
     * These limits with another one for the entries of the tensor index.
     *
     * @param limit the most bytes
     * @return the new limits
     */
    public AprLimits withMaxIndexBytes(int limit) {
        return new AprLimits(maxMetadataBytes, maxMetadataMembers, maxMetadataValues, limit, maxTensors);
    }

    /**
     * These limits with another one for the number of tensors.
     *
     * @param limit the most tensors
     * @return the new limits
     */
    public AprLimits withMaxTensors(int limit) {
        return new AprLimits(maxMetadataBytes, maxMetadataMembers, maxMetadataValues, maxIndexBytes, limit);
    }
}
