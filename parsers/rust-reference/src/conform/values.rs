//! What the reference has read from a file, as in `spec/protocol/answer.schema.json`.

use apr_format::crc32;
use apr_format::v2::AprV2ReaderRef;
use serde_json::{Value, json};

use crate::answer::hex8;

/// The last integer up to which every one is a double of its own.
const SAFE_INTEGER: u64 = 1 << 53;

/// Header, metadata and tensors. The footer is not among them: the reference does not read it.
pub fn values(reader: &AprV2ReaderRef<'_>, crc32: bool) -> Result<Value, serde_json::Error> {
    let header = reader.header();
    Ok(json!({
        "header": {
            "version_major": header.version.0,
            "version_minor": header.version.1,
            "flags": header.flags.bits(),
            "num_tensors": header.tensor_count,
            "ofs_metadata": wide(header.metadata_offset),
            "len_metadata": header.metadata_size,
            "ofs_tensor_index": wide(header.tensor_index_offset),
            "ofs_data": wide(header.data_offset),
            "checksum": header.checksum,
        },
        "metadata": plain(serde_json::to_value(reader.metadata())?),
        "tensors": tensors(reader, crc32),
    }))
}

/// An integer for JSON that any language reads: a decimal string beyond 2^53.
fn wide(value: u64) -> Value {
    if value <= SAFE_INTEGER {
        json!(value)
    } else {
        json!(value.to_string())
    }
}

fn tensors(reader: &AprV2ReaderRef<'_>, with_crc32: bool) -> Value {
    reader
        .tensor_index()
        .iter()
        .map(|entry| {
            let mut tensor = json!({
                "name": entry.name,
                "dtype": entry.dtype.to_string(),
                "dims": entry.shape.iter().map(|&dim| wide(dim as u64)).collect::<Value>(),
                "ofs_tensor": wide(entry.offset),
                "len_tensor": wide(entry.size),
            });
            // The index may name bytes that the file does not have; the reader has none to give then.
            if with_crc32 && let Some(bytes) = reader.get_tensor_data(&entry.name) {
                tensor["crc32"] = json!(hex8(crc32(bytes)));
            }
            tensor
        })
        .collect()
}

/// The value with decimal strings for the integers that other languages round.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(value), _) => wide(value),
            (None, Some(value)) if value.unsigned_abs() > SAFE_INTEGER => json!(value.to_string()),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(items) => items
            .into_iter()
            .map(|(key, value)| (key, plain(value)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_others_round_are_strings() {
        let value = json!([9_007_199_254_740_992_u64, 9_007_199_254_740_993_u64, 0.5]);
        assert_eq!(
            plain(value),
            json!([9_007_199_254_740_992_u64, "9007199254740993", 0.5])
        );
        let value = json!({"a": [-9_007_199_254_740_992_i64, -9_007_199_254_740_993_i64]});
        assert_eq!(
            plain(value),
            json!({"a": [-9_007_199_254_740_992_i64, "-9007199254740993"]})
        );
    }
}
