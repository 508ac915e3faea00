//! `apr-reference`: the reference implementation of APR v2 behind a small command line.
//!
//! Tests ask it what `apr-format` makes of a file and compare that with what `aprfmt` makes of it. It adds no
//! judgement of its own: whatever the reference answers (a value, an error, even a panic) becomes one line of JSON.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs;
use std::io::{self, BufRead, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::process::ExitCode;

use apr_format::crc32;
use apr_format::v2::{
    AprV2Flags, AprV2Metadata, AprV2Reader, AprV2StreamingWriter, AprV2Writer, ProvenancePatch,
    TensorDType, V2FormatError, required_file_len, stamp_provenance_bytes,
};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};

const USAGE: &str = "usage: apr-reference read FILE...
       apr-reference serve < PATHS
       apr-reference stamp IN OUT KEY=VALUE...
       apr-reference write OUT [--streaming] < DESCRIPTION.json";

/// Why the program itself could not do its work; what the reference refuses is a [`Refusal`] instead.
enum Failure {
    /// The command line or the description on stdin makes no sense.
    Usage(String),
    /// Stdin or stdout broke.
    Pipe(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Pipe(error)
    }
}

/// A negative answer about one file.
struct Refusal {
    kind: &'static str,
    error: String,
}

impl Refusal {
    /// A file this program could not read or write: no verdict of the reference, so named apart from its `IoError`.
    fn io(error: &io::Error) -> Self {
        Self {
            kind: "io",
            error: error.to_string(),
        }
    }
}

impl From<V2FormatError> for Refusal {
    fn from(error: V2FormatError) -> Self {
        // Exhaustive on purpose: a variant added upstream has to stop the build, not pass unnamed.
        let kind = match error {
            V2FormatError::InvalidMagic(_) => "InvalidMagic",
            V2FormatError::InvalidHeader(_) => "InvalidHeader",
            V2FormatError::InvalidTensorIndex(_) => "InvalidTensorIndex",
            V2FormatError::MetadataError(_) => "MetadataError",
            V2FormatError::ChecksumMismatch => "ChecksumMismatch",
            V2FormatError::AlignmentError(_) => "AlignmentError",
            V2FormatError::IoError(_) => "IoError",
            V2FormatError::CompressionError(_) => "CompressionError",
        };
        Self {
            kind,
            error: error.to_string(),
        }
    }
}

/// The fields of a positive answer.
type Answer = Map<String, Value>;

thread_local! {
    /// Whether the reference is running, so that a panic is its answer and not our defect.
    static ASKING: Cell<bool> = const { Cell::new(false) };
    /// Where the reference panicked; only the panic hook gets to know it.
    static PANIC_PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the reference's panics off stderr and remembers their place; our own panics print as usual.
fn install_panic_hook() {
    let default_hook = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if ASKING.get() {
            PANIC_PLACE.set(info.location().map(ToString::to_string));
        } else {
            default_hook(info);
        }
    }));
}

fn panic_refusal(payload: &(dyn Any + Send)) -> Refusal {
    let message = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked without a message");
    let error = match PANIC_PLACE.take() {
        Some(place) => format!("{message} ({place})"),
        None => message.to_owned(),
    };
    Refusal {
        kind: "panic",
        error,
    }
}

/// Asks the reference about `file` and turns whatever happens into one line of JSON.
fn ask(file: &Path, question: impl FnOnce() -> Result<Answer, Refusal>) -> Value {
    ASKING.set(true);
    // Unwind safety: the question owns or only reads what it touches, so nothing half-changed outlives a panic.
    let outcome = panic::catch_unwind(AssertUnwindSafe(question));
    ASKING.set(false);
    let answer = outcome.unwrap_or_else(|payload| Err(panic_refusal(&*payload)));
    let mut line = match answer {
        Ok(mut fields) => {
            fields.insert("ok".into(), json!(true));
            fields
        }
        Err(Refusal { kind, error }) => Map::from_iter([
            ("ok".into(), json!(false)),
            ("kind".into(), json!(kind)),
            ("error".into(), json!(error)),
        ]),
    };
    line.insert("file".into(), json!(file.to_string_lossy()));
    Value::Object(line)
}

/// Prints one answer and flushes it: the other side of `serve` waits for the line.
fn tell(answer: &Value) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{answer}")?;
    stdout.flush()?;
    Ok(())
}

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

fn hex8(value: u32) -> String {
    format!("{value:08x}")
}

fn read_file(file: &Path) -> Result<Vec<u8>, Refusal> {
    fs::read(file).map_err(|error| Refusal::io(&error))
}

fn read(file: &Path) -> Result<(), Failure> {
    tell(&ask(file, || describe(&read_file(file)?)))
}

fn serve() -> Result<(), Failure> {
    for line in io::stdin().lock().lines() {
        read(Path::new(&line?))?;
    }
    Ok(())
}

fn stamp(input: &Path, output: &Path, pairs: &[OsString]) -> Result<(), Failure> {
    let mut patch = ProvenancePatch::default();
    for pair in pairs {
        let (key, value) = pair
            .to_str()
            .and_then(|text| text.split_once('='))
            .ok_or_else(|| Failure::Usage(format!("not KEY=VALUE: {}", pair.display())))?;
        let field = match key {
            "license" => &mut patch.license,
            "data_source" => &mut patch.data_source,
            "data_license" => &mut patch.data_license,
            "hf_architecture" => &mut patch.hf_architecture,
            "hf_model_type" => &mut patch.hf_model_type,
            "architecture" => &mut patch.architecture,
            _ => return Err(Failure::Usage(format!("unknown key: {key}"))),
        };
        if field.replace(value.to_owned()).is_some() {
            return Err(Failure::Usage(format!("key given twice: {key}")));
        }
    }
    // No pair at all is passed on as well: to refuse it is the reference's part.
    tell(&ask(input, || {
        let stamped = stamp_provenance_bytes(&read_file(input)?, &patch)?;
        fs::write(output, &stamped).map_err(|error| Refusal::io(&error))?;
        Ok(Map::from_iter([
            ("out".into(), json!(output.to_string_lossy())),
            ("bytes".into(), json!(stamped.len())),
        ]))
    }))
}

/// A file to write, as stdin describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    metadata: Value,
    #[serde(default)]
    tensors: Vec<TensorDescription>,
    flags: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TensorDescription {
    name: String,
    #[serde(deserialize_with = "dtype_by_name")]
    dtype: TensorDType,
    shape: Vec<usize>,
    #[serde(rename = "data_hex", deserialize_with = "bytes_from_hex")]
    data: Vec<u8>,
}

/// The type whose `Display` is the given text, so that `write` takes the names `read` gives.
fn dtype_by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TensorDType, D::Error> {
    let name = String::deserialize(deserializer)?;
    (0..=u8::MAX)
        .filter_map(TensorDType::from_u8)
        .find(|dtype| dtype.to_string() == name)
        .ok_or_else(|| de::Error::custom(format!("unknown dtype: {name}")))
}

fn bytes_from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let nibbles: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|value| u8::try_from(value).ok())
        })
        .collect();
    match nibbles.as_deref().map(<[u8]>::as_chunks::<2>) {
        Some((pairs, [])) => Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
        _ => Err(de::Error::custom(
            "data_hex is not an even number of hexadecimal digits",
        )),
    }
}

fn write(output: &Path, streaming: bool) -> Result<(), Failure> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text)?;
    let description: Description = serde_json::from_slice(&text)
        .map_err(|error| Failure::Usage(format!("description: {error}")))?;
    if streaming && description.flags.is_some() {
        // Dropping them silently would make the test compare with something it did not ask for.
        return Err(Failure::Usage("the streaming writer takes no flags".into()));
    }
    tell(&ask(output, || {
        // The second half of the reference's own `from_json`; the first, text to value, has been done above.
        let metadata: AprV2Metadata = serde_json::from_value(description.metadata)
            .map_err(|error| V2FormatError::MetadataError(error.to_string()))?;
        if streaming {
            let mut writer = AprV2StreamingWriter::new(metadata)?;
            for tensor in description.tensors {
                writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, &tensor.data)?;
            }
            writer.finalize(output)?;
        } else {
            let mut writer = AprV2Writer::new(metadata);
            if let Some(bits) = description.flags {
                writer.set_header_flags(AprV2Flags::from_bits(bits));
            }
            for tensor in description.tensors {
                writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, tensor.data);
            }
            writer.write_into(output)?;
        }
        let written = fs::metadata(output).map_err(|error| Refusal::io(&error))?;
        Ok(Map::from_iter([("bytes".into(), json!(written.len()))]))
    }))
}

fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(Failure::Usage("no command".into()));
    };
    match (command.to_str(), rest) {
        (Some("read"), files @ [_, ..]) => files.iter().try_for_each(|file| read(Path::new(file))),
        (Some("serve"), []) => serve(),
        (Some("stamp"), [input, output, pairs @ ..]) => {
            stamp(Path::new(input), Path::new(output), pairs)
        }
        (Some("write"), [output]) => write(Path::new(output), false),
        (Some("write"), [output, option]) if option == "--streaming" => {
            write(Path::new(output), true)
        }
        _ => Err(Failure::Usage(format!(
            "unknown command or wrong arguments: {}",
            command.display()
        ))),
    }
}

fn main() -> ExitCode {
    install_panic_hook();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            eprintln!("apr-reference: {message}\n{USAGE}");
            ExitCode::from(2)
        }
        Err(Failure::Pipe(error)) => {
            eprintln!("apr-reference: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_reference_is_an_answer() {
        install_panic_hook();
        let answer = ask(Path::new("x.apr"), || panic!("boom {}", 1));
        assert_eq!(answer["ok"], json!(false));
        assert_eq!(answer["kind"], json!("panic"));
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(
            error.starts_with("boom 1 (") && error.contains("main.rs:"),
            "{error}"
        );
        // The next question starts clean.
        assert_eq!(
            ask(Path::new("y.apr"), || Ok(Map::new())),
            json!({"file": "y.apr", "ok": true})
        );
    }
}
