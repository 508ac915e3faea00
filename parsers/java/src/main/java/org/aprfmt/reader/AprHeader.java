package org.aprfmt.reader;

import java.util.Set;

/**
 * The header of a file. The names are those of the declaration of the format, in the spelling of this language.
 *
 * @param versionMajor the major version of the format
 * @param versionMinor the minor version of the format, which readers ignore
 * @param flags all flags as one number
 * @param flagNames the names of the flags that are set, such as {@code layout_row_major}, in an unmodifiable set;
 *     {@code reserved} when undefined bits are set
 * @param numTensors number of entries in the tensor index
 * @param ofsMetadata start of the metadata in bytes, counted from the start of the file
 * @param lenMetadata size of the JSON text in bytes
 * @param ofsTensorIndex start of the tensor index in bytes, counted from the start of the file
 * @param ofsData start of the data section in bytes, counted from the start of the file
 * @param checksum CRC-32 of the other bytes of the header
 */
public record AprHeader(
        int versionMajor,
        int versionMinor,
        int flags,
        Set<String> flagNames,
        int numTensors,
        long ofsMetadata,
        long lenMetadata,
        long ofsTensorIndex,
        long ofsData,
        long checksum) {
}
