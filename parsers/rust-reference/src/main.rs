//! `apr-reference`: the reference implementation of APR v2 behind a small command line.
//!
//! Tests ask it what `apr-format` makes of a file and compare that with what `aprfmt` makes of it; `conform` puts the
//! conformance vectors to it. It adds no judgement of its own: what the reference answers becomes one line of JSON.

mod answer;
mod conform;
mod reading;
mod stamping;
mod whole_file;
mod writing;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use writing::Writer;

const USAGE: &str = "usage: apr-reference read FILE...
       apr-reference serve < PATHS
       apr-reference stamp IN OUT KEY=VALUE...
       apr-reference write OUT [--streaming] < DESCRIPTION.json
       apr-reference conform [--streaming] < REQUESTS.ndjson";

/// Why the program itself could not do its work; what the reference refuses is an answer instead.
#[derive(Debug)]
enum Failure {
    /// The command line or the description on stdin makes no sense.
    Usage(String),
    /// A line of the conformance protocol makes no sense.
    Request(String),
    /// A pipe or a file broke.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) => write!(f, "{message}\n{USAGE}"),
            Self::Request(message) => f.write_str(message),
            Self::Io(error) => error.fmt(f),
        }
    }
}

fn run(arguments: &[OsString]) -> Result<(), Failure> {
    let Some((command, rest)) = arguments.split_first() else {
        return Err(Failure::Usage("no command".into()));
    };
    let (writer, rest) = match rest.split_last() {
        Some((option, rest)) if option == "--streaming" => (Writer::Streaming, rest),
        _ => (Writer::InMemory, rest),
    };
    match (command.to_str(), writer, rest) {
        (Some("read"), Writer::InMemory, files @ [_, ..]) => files
            .iter()
            .try_for_each(|file| reading::read(Path::new(file))),
        (Some("serve"), Writer::InMemory, []) => reading::serve(),
        (Some("stamp"), Writer::InMemory, [input, output, pairs @ ..]) => {
            stamping::stamp(Path::new(input), Path::new(output), pairs)
        }
        (Some("write"), _, [output]) => writing::write(Path::new(output), writer),
        (Some("conform"), _, []) => conform::run(writer, io::stdin().lock(), io::stdout().lock()),
        _ => Err(Failure::Usage(format!(
            "unknown command or wrong arguments: {}",
            command.display()
        ))),
    }
}

fn main() -> ExitCode {
    answer::install_panic_hook();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("apr-reference: {failure}");
            ExitCode::from(if matches!(failure, Failure::Usage(_)) {
                2
            } else {
                1
            })
        }
    }
}
