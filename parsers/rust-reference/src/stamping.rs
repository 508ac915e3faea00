//! `stamp`: the reference's stamp with the six keys that it knows.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;

use apr_format::v2::{ProvenancePatch, stamp_provenance_bytes};
use serde_json::{Map, json};

use crate::Failure;
use crate::answer::{Refusal, ask, tell};
use crate::reading::read_file;

/// The place of a metadata key in the reference's patch; none for a key that its stamp cannot set.
pub fn field<'a>(patch: &'a mut ProvenancePatch, key: &str) -> Option<&'a mut Option<String>> {
    match key {
        "license" => Some(&mut patch.license),
        "data_source" => Some(&mut patch.data_source),
        "data_license" => Some(&mut patch.data_license),
        "hf_architecture" => Some(&mut patch.hf_architecture),
        "hf_model_type" => Some(&mut patch.hf_model_type),
        "architecture" => Some(&mut patch.architecture),
        _ => None,
    }
}

/// Stamps `input` into `output` with `KEY=VALUE` pairs.
pub fn stamp(input: &Path, output: &Path, pairs: &[OsString]) -> Result<(), Failure> {
    let mut patch = ProvenancePatch::default();
    for pair in pairs {
        let (key, value) = pair
            .to_str()
            .and_then(|text| text.split_once('='))
            .ok_or_else(|| Failure::Usage(format!("not KEY=VALUE: {}", pair.display())))?;
        let field =
            field(&mut patch, key).ok_or_else(|| Failure::Usage(format!("unknown key: {key}")))?;
        if field.replace(value.to_owned()).is_some() {
            return Err(Failure::Usage(format!("key given twice: {key}")));
        }
    }
    // No pair at all is passed on as well: to refuse it is the reference's part.
    let answer = ask(input, || {
        let stamped = stamp_provenance_bytes(&read_file(input)?, &patch)?;
        fs::write(output, &stamped).map_err(|error| Refusal::io(&error))?;
        Ok(Map::from_iter([
            ("out".into(), json!(output.to_string_lossy())),
            ("bytes".into(), json!(stamped.len())),
        ]))
    });
    tell(io::stdout().lock(), &answer)
}
