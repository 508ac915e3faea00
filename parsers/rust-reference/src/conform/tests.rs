//! The protocol, line by line; `tests/reference/test_conform.py` holds the answers against its schemas.

use std::path::{Path, PathBuf};

use apr_format::v2::{AprV2Reader, AprV2Writer, TensorDType};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;

/// What is answered to the requests.
fn ask(writer: Writer, requests: &[Value]) -> Result<Vec<Value>, Failure> {
    let lines: Vec<String> = requests.iter().map(Value::to_string).collect();
    let mut answers = Vec::new();
    run(writer, lines.join("\n").as_bytes(), &mut answers)?;
    let answers = String::from_utf8(answers).expect("JSON is UTF-8");
    Ok(answers
        .lines()
        .map(|line| serde_json::from_str(line).expect("an answer is JSON"))
        .collect())
}

/// The one answer to a case that is run between start and stop.
fn answer(writer: Writer, task: &Value) -> Value {
    let mut case = json!({"cmd": "run", "id": "x", "profile": "default", "budget": {"seconds": 20, "bytes": 1 << 29}});
    for (key, value) in task.as_object().expect("a task is an object") {
        case[key] = value.clone();
    }
    let answers = ask(
        writer,
        &[
            json!({"cmd": "start", "protocol": 1}),
            case,
            json!({"cmd": "stop"}),
        ],
    )
    .expect("the requests make sense");
    let [started, answer] = answers.as_slice() else {
        panic!("expected two answers, found {answers:?}");
    };
    assert_eq!(started["protocol"], json!(1));
    assert_eq!(answer["id"], json!("x"));
    answer.clone()
}

/// A file with one tensor, and the folder that it is in.
fn model(metadata: Value) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("model.apr");
    let metadata = serde_json::from_value(metadata).expect("metadata of the reference");
    let mut writer = AprV2Writer::new(metadata);
    writer.add_tensor("a", TensorDType::AprQ8, vec![2], vec![0, 0, 128, 63, 1, 2]);
    writer.write_into(&path).expect("a file");
    (folder, path)
}

fn metadata_of(path: &Path) -> Value {
    let reader = AprV2Reader::from_bytes(&fs::read(path).expect("a file")).expect("a container");
    serde_json::to_value(reader.metadata()).expect("JSON")
}

#[test]
fn the_version_is_that_of_the_dependency() {
    let pin = format!("apr-format = {{ version = \"={VERSION}\"");
    assert!(include_str!("../../Cargo.toml").contains(&pin));
}

#[test]
fn start_says_who_answers() {
    let requests = [
        json!({"cmd": "start", "protocol": 1}),
        json!({"cmd": "stop"}),
    ];
    let started = &ask(Writer::InMemory, &requests).expect("an answer")[0];
    assert_eq!(
        started["implementation"],
        json!({"name": "apr-format", "version": VERSION, "language": "Rust"})
    );
    assert_eq!(started["can"], json!(["read", "stamp", "write"]));
    let started = &ask(Writer::Streaming, &requests).expect("an answer")[0];
    assert_eq!(
        started["implementation"]["name"],
        json!("apr-format (streaming writer)")
    );
    assert_eq!(started["can"], json!(["write"]));
}

#[test]
fn a_file_is_read() {
    let (_folder, path) = model(json!({"license": "MIT", "n": 9_007_199_254_740_993_u64}));
    let answer = answer(
        Writer::InMemory,
        &json!({"op": "read", "file": path, "crc32": true}),
    );
    assert_eq!(answer["verdict"], json!("accept"));
    let values = &answer["values"];
    assert_eq!(values["header"]["flags"], json!(0x0400));
    assert_eq!(values["header"]["num_tensors"], json!(1));
    assert_eq!(
        values["tensors"],
        json!([{
            "name": "a", "dtype": "APR_Q8", "dims": [2], "ofs_tensor": 0, "len_tensor": 6, "crc32": "84b9e558",
        }])
    );
    assert_eq!(values["metadata"]["license"], json!("MIT"));
    assert_eq!(values["metadata"]["n"], json!("9007199254740993"));
}

#[test]
fn a_refusal_has_the_name_of_the_variant() {
    let (_folder, path) = model(json!({}));
    let mut bytes = fs::read(&path).expect("a file");
    bytes[4] = 3;
    fs::write(&path, bytes).expect("a file");
    let answer = answer(
        Writer::InMemory,
        &json!({"op": "read", "file": path, "crc32": true}),
    );
    assert_eq!(
        answer,
        json!({"id": "x", "verdict": "reject", "code": "ChecksumMismatch", "message": "Checksum mismatch"})
    );
}

#[test]
fn a_file_is_stamped() {
    let (folder, path) = model(json!({"name": "m"}));
    let output = folder.path().join("stamped.apr");
    let task =
        |patch: Value| json!({"op": "stamp", "file": path, "patch": patch, "output": output});
    let refused = answer(Writer::InMemory, &task(json!({})));
    assert_eq!(refused["code"], json!("InvalidHeader"));
    let skipped = answer(Writer::InMemory, &task(json!({"author": "me"})));
    assert!(skipped["skip"].is_string(), "{skipped}");
    assert!(!output.exists());
    let stamped = answer(Writer::InMemory, &task(json!({"license": "MIT"})));
    assert_eq!(stamped, json!({"id": "x", "verdict": "accept"}));
    assert_eq!(metadata_of(&output)["license"], json!("MIT"));
}

#[test]
fn both_writers_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let tensors = json!([{"name": "a", "dtype": "apr_q8", "dims": ["2"], "data": "0000803f0102"}]);
    for writer in [Writer::InMemory, Writer::Streaming] {
        let output = folder.path().join(format!("{writer:?}.apr"));
        let tree =
            json!({"metadata": {"name": "m"}, "flags": ["layout_row_major"], "tensors": tensors});
        let written = answer(
            writer,
            &json!({"op": "write", "tree": tree, "output": output}),
        );
        assert_eq!(written, json!({"id": "x", "verdict": "accept"}));
        assert_eq!(metadata_of(&output)["name"], json!("m"));
    }
}

#[test]
fn only_the_writer_in_memory_sets_flags() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.apr");
    let tree = json!({"metadata": {}, "flags": ["has_vocab"], "tensors": []});
    let task = json!({"op": "write", "tree": tree, "output": output});
    assert!(answer(Writer::Streaming, &task)["skip"].is_string());
    assert!(!output.exists());
    assert_eq!(answer(Writer::InMemory, &task)["verdict"], json!("accept"));
    let reader = AprV2Reader::from_bytes(&fs::read(&output).expect("a file")).expect("a container");
    assert_eq!(reader.header().flags.bits(), 0x0600);
}

#[test]
fn metadata_may_be_deeper_than_the_reference_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = folder.path().join("out.apr");
    let deep = (0..200).fold(json!(0), |inner, _| json!([inner]));
    let tree = json!({"metadata": {"x": deep}, "flags": [], "tensors": []});
    let task = json!({"op": "write", "tree": tree, "output": output});
    assert_eq!(answer(Writer::InMemory, &task)["verdict"], json!("accept"));
    let task = json!({"op": "read", "file": output, "crc32": true});
    assert_eq!(
        answer(Writer::InMemory, &task)["code"],
        json!("MetadataError")
    );
}

#[test]
fn metadata_of_a_wrong_type_is_not_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let tree = json!({"metadata": {"license": 5}, "flags": [], "tensors": []});
    let task = json!({"op": "write", "tree": tree, "output": folder.path().join("out.apr")});
    assert_eq!(
        answer(Writer::InMemory, &task)["code"],
        json!("MetadataError")
    );
}

#[test]
fn what_makes_no_sense_is_no_answer() {
    let read =
        json!({"cmd": "run", "id": "x", "op": "read", "file": "/nowhere/at.apr", "crc32": true});
    for (request, message) in [
        (
            json!({"cmd": "start", "protocol": 2}),
            "expected protocol 1",
        ),
        (json!({"cmd": "go"}), "unknown variant `go`"),
        (
            json!({"cmd": "run", "id": "x", "op": "melt"}),
            "unknown variant `melt`",
        ),
        (json!(["start"]), "request: "),
        (read, "No such file"),
        (json!({"cmd": "start", "protocol": 1}), "end without a stop"),
    ] {
        let failure = ask(Writer::InMemory, &[request]).expect_err(message);
        assert!(failure.to_string().contains(message), "{failure}");
    }
}
