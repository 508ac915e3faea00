//! `conform`: a harness of the conformance protocol, one JSON object a line. `spec/protocol/` has its schemas.
//!
//! A panic of the reference is a crash here: the process dies of it, and the runner counts that and starts it again.
//! So does every line that makes no sense, and every file that is out of reach: none of them is a verdict.

mod protocol;
mod values;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::Path;

use apr_format::v2::{
    AprV2Flags, AprV2ReaderRef, ProvenancePatch, V2FormatError, stamp_provenance_bytes,
};
use serde_json::{Value, json};

use crate::Failure;
use crate::answer::{kind, tell};
use crate::stamping::field;
use crate::whole_file::load;
use crate::writing::{Writer, write_container};
use protocol::{Case, PROTOCOL, Request, Task, Tree};

/// The release of the reference; a test holds it to `Cargo.toml`.
const VERSION: &str = "0.72.3";

/// Answers requests until `stop`. With the streaming writer, writing is all that is offered: reader and stamp are the
/// same.
pub fn run(writer: Writer, requests: impl BufRead, mut answers: impl Write) -> Result<(), Failure> {
    for line in requests.lines() {
        let line = line?;
        match Request::parse(&line)
            .map_err(|error| Failure::Request(format!("request: {error}: {line:.200}")))?
        {
            Request::Start { protocol: PROTOCOL } => tell(&mut answers, &started(writer))?,
            Request::Start { protocol } => {
                return Err(Failure::Request(format!(
                    "start: expected protocol {PROTOCOL}, found {protocol}"
                )));
            }
            Request::Run(Case { id, task }) => {
                let mut answer = outcome(writer, task)?;
                answer["id"] = json!(id);
                tell(&mut answers, &answer)?;
            }
            Request::Stop => return Ok(()),
        }
    }
    Err(Failure::Request("the requests end without a stop".into()))
}

fn started(writer: Writer) -> Value {
    let (name, can) = match writer {
        Writer::InMemory => ("apr-format", json!(["read", "stamp", "write"])),
        Writer::Streaming => ("apr-format (streaming writer)", json!(["write"])),
    };
    json!({
        "protocol": PROTOCOL,
        "implementation": {"name": name, "version": VERSION, "language": "Rust"},
        "can": can,
        "skips": [{
            "tag": "huge",
            "reason": "the reader takes the whole file as one slice: without a memory map, which takes unsafe code, \
                       there is no address space for it",
        }],
        // The variants with all that they stand for; a reader has no others. `InvalidHeader` is also metadata that ends
        // beyond the file, where no index can begin, and a tensor without data, which only the stamp refuses.
        "rules": {
            "InvalidMagic": ["APR-H001"],
            "InvalidHeader": ["APR-H004", "APR-H008", "APR-S001", "APR-S002", "APR-D001"],
            "ChecksumMismatch": ["APR-H006"],
            "MetadataError": ["APR-M001", "APR-M002", "APR-M003", "APR-M004", "APR-M005", "APR-M006"],
            "InvalidTensorIndex": ["APR-S002", "APR-I001", "APR-I002", "APR-I003"],
        },
    })
}

/// The answer to one case, without its id.
fn outcome(writer: Writer, task: Task) -> Result<Value, Failure> {
    match task {
        Task::Read { file, crc32 } => read(&file, crc32),
        Task::Stamp {
            file,
            patch,
            output,
        } => stamp(&file, patch, &output),
        Task::Write { tree, output } => write(writer, tree, &output),
    }
}

fn read(file: &Path, crc32: bool) -> Result<Value, Failure> {
    let data = load(file)?;
    // The reader that borrows: `AprV2Reader` parses the same way and then copies the whole file.
    let reader = match AprV2ReaderRef::from_bytes(&data) {
        Ok(reader) => reader,
        Err(error) => return refusal(&error),
    };
    let values = values::values(&reader, crc32)
        .map_err(|error| io::Error::other(format!("metadata: {error}")))?;
    Ok(json!({"verdict": "accept", "values": values}))
}

fn stamp(file: &Path, patch: BTreeMap<String, String>, output: &Path) -> Result<Value, Failure> {
    let mut fields = ProvenancePatch::default();
    for (key, value) in patch {
        let Some(field) = field(&mut fields, &key) else {
            let reason = format!("the reference's stamp knows six keys, and {key} is none of them");
            return Ok(json!({"skip": reason}));
        };
        *field = Some(value);
    }
    match stamp_provenance_bytes(&load(file)?, &fields) {
        Ok(stamped) => {
            fs::write(output, stamped)?;
            Ok(json!({"verdict": "accept"}))
        }
        Err(error) => refusal(&error),
    }
}

fn write(writer: Writer, tree: Tree, output: &Path) -> Result<Value, Failure> {
    let flags = tree.flags.without(AprV2Flags::LAYOUT_ROW_MAJOR); // that one is set by both
    if writer == Writer::Streaming && flags.bits() != 0 {
        return Ok(json!({"skip": "the streaming writer has no way to set flags"}));
    }
    match write_container(tree.into(), writer, output) {
        Ok(()) => Ok(json!({"verdict": "accept"})),
        Err(error) => refusal(&error),
    }
}

/// What the reference refuses, under the name of its variant. That a disk fails is no verdict.
fn refusal(error: &V2FormatError) -> Result<Value, Failure> {
    if let V2FormatError::IoError(message) = error {
        return Err(io::Error::other(message.clone()).into());
    }
    Ok(json!({"verdict": "reject", "code": kind(error), "message": error.to_string()}))
}

#[cfg(test)]
mod tests;
