//! `read` and `serve`: everything the reference says about a file.

use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

use apr_format::crc32;
use apr_format::v2::{AprV2Reader, V2FormatError, required_file_len};
use serde_json::{Map, Value, json};

use crate::Failure;
use crate::answer::{Answer, Refusal, ask, hex8, tell};

/// Everything the reference says about the bytes of one file.
fn describe(data: &[u8]) -> Result<Answer, Refusal> {
    let reader = AprV2Reader::from_bytes(data)?;
    let header = reader.header();
    let tensors: Vec<Value> = reader
        .tensor_index()
        .iter()
        .map(|entry| {
            let checksum = reader
                .get_tensor_data(&entry.name)
                .map(|bytes| hex8(crc32(bytes)));
            json!({
                "name": entry.name,
                "dtype": entry.dtype.to_string(),
                "shape": entry.shape,
                "offset": entry.offset,
                "size": entry.size,
                "crc32": checksum,
            })
        })
        .collect();
    // By way of `Value`, an f32 keeps its exact value (as an f64) instead of its shortest f32 text.
    let metadata = serde_json::to_value(reader.metadata())
        .map_err(|error| V2FormatError::MetadataError(error.to_string()))?;
    Ok(Map::from_iter([
        ("bytes".into(), json!(data.len())),
        ("version".into(), json!(header.version)),
        ("flags".into(), json!(header.flags.bits())),
        ("tensor_count".into(), json!(header.tensor_count)),
        ("metadata_offset".into(), json!(header.metadata_offset)),
        ("metadata_size".into(), json!(header.metadata_size)),
        (
            "tensor_index_offset".into(),
            json!(header.tensor_index_offset),
        ),
        ("data_offset".into(), json!(header.data_offset)),
        ("checksum".into(), json!(hex8(header.checksum))),
        ("aligned".into(), json!(reader.verify_alignment())),
        // The reader accepts an extent that overflows; only this separate function refuses it. It stays a detail here.
        ("required_len".into(), json!(required_file_len(data).ok())),
        ("metadata".into(), metadata),
        ("tensors".into(), Value::Array(tensors)),
    ]))
}

/// The bytes of a file, for a question to the reference.
pub fn read_file(file: &Path) -> Result<Vec<u8>, Refusal> {
    fs::read(file).map_err(|error| Refusal::io(&error))
}

/// Answers for one file.
pub fn read(file: &Path) -> Result<(), Failure> {
    let answer = ask(file, || describe(&read_file(file)?));
    tell(io::stdout().lock(), &answer)
}

/// Answers for each path on stdin, one a line.
pub fn serve() -> Result<(), Failure> {
    for line in io::stdin().lock().lines() {
        read(Path::new(&line?))?;
    }
    Ok(())
}
