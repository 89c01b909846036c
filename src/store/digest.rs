//! Content addresses: sha256 of files, and one digest of everything a release is made from.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A file that went into a release, by its name in the project and its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct FileDigest {
    pub path: String,
    pub sha256: String,
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
    fn groups_depend_on_names_and_content_only() {
        let file = |path: &str, sha256: &str| FileDigest { path: path.into(), sha256: sha256.into() };
        let (a, b) = (file("a", "1"), file("b", "2"));
        let both = sha256_groups("1", &[("inputs", &[a.clone(), b.clone()])]);
        assert_eq!(both, sha256_groups("1", &[("inputs", &[b.clone(), a.clone()])]));
        assert_ne!(both, sha256_groups("2", &[("inputs", &[a.clone(), b.clone()])]));
        assert_ne!(both, sha256_groups("1", &[("inputs", &[a]), ("specs", &[b])]));
    }
}
