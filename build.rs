//! Puts a digest of the sources into the binary, so that a release names the code that made it and a changed program
//! does its work again.

use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::{env, fs};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets the manifest folder");
    let mut hasher = DefaultHasher::new();
    digest(&Path::new(&root).join("src"), &mut hasher);
    hasher.write(&fs::read(Path::new(&root).join("Cargo.lock")).unwrap_or_default());
    println!("cargo::rustc-env=SHEBAO_SOURCES={:016x}", hasher.finish());
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=Cargo.lock");
}

fn digest(folder: &Path, hasher: &mut DefaultHasher) {
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|e| e.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            digest(&path, hasher);
        } else {
            hasher.write(&fs::read(&path).unwrap_or_default());
        }
    }
}
