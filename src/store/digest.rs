//! Content addresses: sha256 of files, and one digest of everything a release is made from.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A file that went into a release, by its name in the project and its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct FileDigest {
    pub path: String,
    /// Blank where the file is there and cannot be read.
    pub sha256: String,
}

impl FileDigest {
    pub fn unreadable(path: String) -> FileDigest {
        FileDigest { path, sha256: String::new() }
    }

    pub fn is_readable(&self) -> bool {
        !self.sha256.is_empty()
    }
}

/// The sha256 of a file in lower-case hexadecimal.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_file(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut block)?;
        if read == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&block[..read]);
    }
}

/// A digest of lines in whatever order they come: a database promises none. The digests of the lines, added up.
#[derive(Default)]
pub struct LineDigest {
    line: Sha256,
    open: bool,
    sums: [u64; 4],
}

impl LineDigest {
    pub fn update(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            self.line.update(&bytes[..end]);
            self.close();
            bytes = &bytes[end + 1..];
        }
        self.line.update(bytes);
        self.open |= !bytes.is_empty();
    }

    fn close(&mut self) {
        let digest = std::mem::take(&mut self.line).finalize();
        for (sum, part) in self.sums.iter_mut().zip(digest.chunks_exact(8)) {
            *sum = sum.wrapping_add(part.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)));
        }
        self.open = false;
    }

    /// In lower-case hexadecimal, as long as that of a file.
    pub fn finish(mut self) -> String {
        if self.open {
            self.close();
        }
        self.sums.iter().map(|sum| format!("{sum:016x}")).collect()
    }
}

/// The sha256 of bytes in lower-case hexadecimal.
pub fn sha256_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// One digest of named groups of files; the order in which files are given does not matter, their names and content do.
pub fn sha256_groups(version: &str, groups: &[(&str, &[FileDigest])]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("shebao {version}\n"));
    for (group, files) in groups {
        let mut files: Vec<&FileDigest> = files.iter().collect();
        files.sort();
        hasher.update(format!("{group} {}\n", files.len()));
        for file in files {
            // The length keeps a line break inside a name from passing for another file.
            hasher.update(format!("{} {} {}\n", file.path.len(), file.path, file.sha256));
        }
    }
    hex(&hasher.finalize())
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_text_has_the_well_known_digest() {
        // FIPS 180-4, test vectors of the standard: "" and "abc".
        let rows = [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ];
        for (text, digest) in rows {
            assert_eq!(sha256_bytes(text.as_bytes()), digest);
        }
    }

    #[test]
    fn lines_count_in_any_order_and_as_often_as_they_stand() {
        let of = |parts: &[&str]| {
            let mut digest = LineDigest::default();
            parts.iter().for_each(|part| digest.update(part.as_bytes()));
            digest.finish()
        };
        let one = of(&["a,1\nb,2\n"]);
        assert_eq!(one, of(&["b,2", "\na", ",1\n"]));
        assert_eq!(one, of(&["b,2\na,1"]));
        for other in ["a,1\nb,2\nb,2\n", "a,1\nb,1\n", "a,1\n", "a,1b,2\n", ""] {
            assert_ne!(one, of(&[other]), "{other:?}");
        }
    }

    #[test]
    fn groups_depend_on_names_and_content_only() {
        let file = |path: &str, sha256: &str| FileDigest { path: path.into(), sha256: sha256.into() };
        let (a, b) = (file("a", "1"), file("b", "2"));
        let both = sha256_groups("1", &[("inputs", &[a.clone(), b.clone()])]);
        assert_eq!(both, sha256_groups("1", &[("inputs", &[b.clone(), a.clone()])]));
        assert_ne!(both, sha256_groups("2", &[("inputs", &[a.clone(), b.clone()])]));
        assert_ne!(both, sha256_groups("1", &[("inputs", &[a]), ("specs", &[b])]));
    }
}
