//! `write`: the reference's two writers, fed with a described file.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use apr_format::v2::{
    AprV2Flags, AprV2Metadata, AprV2StreamingWriter, AprV2Writer, TensorDType, V2FormatError,
};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};

use crate::Failure;
use crate::answer::{Refusal, ask, tell};

/// Which of the reference's writers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// `AprV2Writer`: the whole file in memory, tensors in the order of their names.
    InMemory,
    /// `AprV2StreamingWriter`: tensors in the order they come; it takes no flags.
    Streaming,
}

/// A file to write.
pub struct Container {
    pub metadata: Value,
    /// Bits of the header; none for what the writer sets by itself.
    pub flags: Option<u16>,
    pub tensors: Vec<Tensor>,
}

/// One tensor of a file to write.
pub struct Tensor {
    pub name: String,
    pub dtype: TensorDType,
    pub shape: Vec<usize>,
    pub data: Vec<u8>,
}

/// Lets the reference write a file. The flags are not for the streaming writer, which has no way to set them.
pub fn write_container(
    container: Container,
    writer: Writer,
    output: &Path,
) -> Result<(), V2FormatError> {
    // The second half of the reference's own `from_json`; the first, text to value, is done already.
    let metadata: AprV2Metadata = serde_json::from_value(container.metadata)
        .map_err(|error| V2FormatError::MetadataError(error.to_string()))?;
    match writer {
        Writer::InMemory => {
            let mut writer = AprV2Writer::new(metadata);
            if let Some(bits) = container.flags {
                writer.set_header_flags(AprV2Flags::from_bits(bits));
            }
            for tensor in container.tensors {
                writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, tensor.data);
            }
            writer.write_into(output)
        }
        Writer::Streaming => {
            let mut writer = AprV2StreamingWriter::new(metadata)?;
            for tensor in container.tensors {
                writer.add_tensor(tensor.name, tensor.dtype, tensor.shape, &tensor.data)?;
            }
            writer.finalize(output)
        }
    }
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

impl From<Description> for Container {
    fn from(description: Description) -> Self {
        let tensors = description.tensors.into_iter().map(|tensor| Tensor {
            name: tensor.name,
            dtype: tensor.dtype,
            shape: tensor.shape,
            data: tensor.data,
        });
        Self {
            metadata: description.metadata,
            flags: description.flags,
            tensors: tensors.collect(),
        }
    }
}

/// The type whose `Display` is the given text in any case, so that the names that `read` gives are taken, and those of
/// the specification as well.
pub fn dtype_by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TensorDType, D::Error> {
    let name = String::deserialize(deserializer)?;
    (0..=u8::MAX)
        .filter_map(TensorDType::from_u8)
        .find(|dtype| dtype.to_string().eq_ignore_ascii_case(&name))
        .ok_or_else(|| de::Error::custom(format!("unknown dtype: {name}")))
}

/// Bytes as hexadecimal digits.
pub fn bytes_from_hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
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
            "expected an even number of hexadecimal digits",
        )),
    }
}

/// Writes the file that stdin describes.
pub fn write(output: &Path, writer: Writer) -> Result<(), Failure> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text)?;
    let description: Description = serde_json::from_slice(&text)
        .map_err(|error| Failure::Usage(format!("description: {error}")))?;
    if writer == Writer::Streaming && description.flags.is_some() {
        // Dropping them silently would make the test compare with something it did not ask for.
        return Err(Failure::Usage("the streaming writer takes no flags".into()));
    }
    let answer = ask(output, || {
        write_container(description.into(), writer, output)?;
        let written = fs::metadata(output).map_err(|error| Refusal::io(&error))?;
        Ok(Map::from_iter([("bytes".into(), json!(written.len()))]))
    });
    tell(io::stdout().lock(), &answer)
}
