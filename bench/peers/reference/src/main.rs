//! `apr-bench-peer`: the reference's stamp around whole files, as `apr stamp` does it, and nothing else to measure.
//!
//! Reads the file, stamps it in memory, writes the result. It does not sync: whoever measures syncs afterwards, as for
//! every peer that leaves that to the system.

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use apr_format::v2::{ProvenancePatch, stamp_provenance_bytes};

const USAGE: &str = "usage: apr-bench-peer stamp IN OUT DATA_SOURCE
       apr-bench-peer stamp-in-place FILE DATA_SOURCE";

/// Sets the three keys that say where a model comes from.
fn stamp(input: &Path, output: &Path, data_source: &str) -> Result<(), Box<dyn Error>> {
    let patch = ProvenancePatch {
        license: Some("Apache-2.0".into()),
        data_source: Some(data_source.into()),
        data_license: Some("CC-BY-4.0".into()),
        ..ProvenancePatch::default()
    };
    fs::write(output, stamp_provenance_bytes(&fs::read(input)?, &patch)?)?;
    Ok(())
}

fn run(arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    match *arguments {
        ["stamp", input, output, source] => stamp(Path::new(input), Path::new(output), source),
        ["stamp-in-place", file, source] => stamp(Path::new(file), Path::new(file), source),
        _ => Err(USAGE.into()),
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("apr-bench-peer: {error}");
            ExitCode::FAILURE
        }
    }
}
