//! The bytes of a file in one slice, which is what the reference reads.

use std::io;
use std::path::Path;

/// The bytes of `path`. Only what is written in the file is read: the holes of a sparse file stay zero pages that
/// nobody touches, so that one of many gigabytes costs address space and no memory.
#[cfg(target_os = "linux")]
pub fn load(path: &Path) -> io::Result<Vec<u8>> {
    use std::fs::File;
    use std::os::unix::fs::FileExt;

    use rustix::fs::{SeekFrom, seek};
    use rustix::io::Errno;

    let too_large = |_| io::Error::other("the file does not fit into the address space");
    let file = File::open(path)?;
    let mut bytes = vec![0; usize::try_from(file.metadata()?.len()).map_err(too_large)?];
    let mut at = 0;
    loop {
        let start = match seek(&file, SeekFrom::Data(at)) {
            Err(Errno::NXIO) => return Ok(bytes), // nothing is written from here on
            found => found?,
        };
        let stop = seek(&file, SeekFrom::Hole(start))?;
        let stretch =
            usize::try_from(start).map_err(too_large)?..usize::try_from(stop).map_err(too_large)?;
        let part = bytes
            .get_mut(stretch)
            .ok_or_else(|| io::Error::other("the file grew while it was read"))?;
        file.read_exact_at(part, start)?;
        at = stop;
    }
}

/// The bytes of `path`, holes and all.
#[cfg(not(target_os = "linux"))]
pub fn load(path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(path)
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use super::*;

    #[test]
    fn holes_are_zeros() -> io::Result<()> {
        const SIZE: usize = 1 << 22;
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(b"head")?;
        file.seek(SeekFrom::Start(SIZE as u64 / 2))?;
        file.write_all(b"middle")?;
        file.as_file().set_len(SIZE as u64)?;
        let mut expected = vec![0; SIZE];
        expected[..4].copy_from_slice(b"head");
        expected[SIZE / 2..][..6].copy_from_slice(b"middle");
        assert!(load(file.path())? == expected);
        Ok(())
    }

    #[test]
    fn an_empty_file_is_no_bytes() -> io::Result<()> {
        assert!(load(tempfile::NamedTempFile::new()?.path())?.is_empty());
        Ok(())
    }

    #[test]
    fn a_file_that_ends_with_data_is_whole() -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(b"all of it")?;
        assert_eq!(load(file.path())?, b"all of it");
        Ok(())
    }
}
