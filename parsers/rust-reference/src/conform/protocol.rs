//! What the runner says, as in `spec/protocol/request.schema.json`. Keys that are not here are of no use to us.

use std::collections::BTreeMap;
use std::path::PathBuf;

use apr_format::v2::{AprV2Flags, TensorDType};
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use crate::writing::{Container, Tensor, bytes_from_hex, dtype_by_name};

/// The version of the protocol.
pub const PROTOCOL: u64 = 1;

/// One line of the runner.
#[derive(Deserialize)]
#[serde(tag = "cmd", rename_all = "lowercase")]
pub enum Request {
    Start { protocol: u64 },
    Run(Case),
    Stop,
}

impl Request {
    /// The request of a line, however deep the metadata in it: to find that too deep is the reference's part.
    pub fn parse(line: &str) -> Result<Self, serde_json::Error> {
        let mut text = serde_json::Deserializer::from_str(line);
        text.disable_recursion_limit();
        let request = Self::deserialize(&mut text)?;
        text.end()?;
        Ok(request)
    }
}

/// One vector.
#[derive(Deserialize)]
pub struct Case {
    pub id: String,
    #[serde(flatten)]
    pub task: Task,
}

/// What is asked about it.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub enum Task {
    Read {
        file: PathBuf,
        crc32: bool,
    },
    Stamp {
        file: PathBuf,
        patch: BTreeMap<String, String>,
        output: PathBuf,
    },
    Write {
        tree: Tree,
        output: PathBuf,
    },
}

/// A container to write.
#[derive(Deserialize)]
pub struct Tree {
    metadata: Value,
    #[serde(deserialize_with = "flags_by_name")]
    pub flags: AprV2Flags,
    tensors: Vec<Branch>,
}

/// A tensor of it.
#[derive(Deserialize)]
struct Branch {
    name: String,
    #[serde(deserialize_with = "dtype_by_name")]
    dtype: TensorDType,
    dims: Vec<Integer>,
    #[serde(deserialize_with = "bytes_from_hex")]
    data: Vec<u8>,
}

/// An unsigned integer, as a number or in decimal digits.
#[derive(Deserialize)]
#[serde(try_from = "Spelling")]
struct Integer(usize);

#[derive(Deserialize)]
#[serde(untagged)]
enum Spelling {
    Number(usize),
    Digits(String),
}

impl TryFrom<Spelling> for Integer {
    type Error = std::num::ParseIntError;

    fn try_from(spelling: Spelling) -> Result<Self, Self::Error> {
        match spelling {
            Spelling::Number(value) => Ok(Self(value)),
            Spelling::Digits(text) => text.parse().map(Self),
        }
    }
}

impl From<Tree> for Container {
    fn from(tree: Tree) -> Self {
        let tensors = tree.tensors.into_iter().map(|branch| Tensor {
            name: branch.name,
            dtype: branch.dtype,
            shape: branch.dims.into_iter().map(|Integer(dim)| dim).collect(),
            data: branch.data,
        });
        Self {
            metadata: tree.metadata,
            flags: Some(tree.flags.bits()),
            tensors: tensors.collect(),
        }
    }
}

/// The reference's flags by the names of the specification.
const FLAGS: [(&str, u16); 12] = [
    ("lz4_compressed", AprV2Flags::LZ4_COMPRESSED),
    ("zstd_compressed", AprV2Flags::ZSTD_COMPRESSED),
    ("encrypted", AprV2Flags::ENCRYPTED),
    ("signed", AprV2Flags::SIGNED),
    ("sharded", AprV2Flags::SHARDED),
    ("quantized", AprV2Flags::QUANTIZED),
    ("has_filterbank", AprV2Flags::HAS_FILTERBANK),
    ("has_model_card", AprV2Flags::HAS_MODEL_CARD),
    ("streaming", AprV2Flags::STREAMING),
    ("has_vocab", AprV2Flags::HAS_VOCAB),
    ("layout_row_major", AprV2Flags::LAYOUT_ROW_MAJOR),
    ("layout_column_major", AprV2Flags::LAYOUT_COLUMN_MAJOR),
];

fn flags_by_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AprV2Flags, D::Error> {
    let mut flags = AprV2Flags::new();
    for name in Vec::<String>::deserialize(deserializer)? {
        let (_, bit) = FLAGS
            .into_iter()
            .find(|(known, _)| *known == name)
            .ok_or_else(|| de::Error::custom(format!("unknown flag: {name}")))?;
        flags = flags.with(bit);
    }
    Ok(flags)
}
