//! The products in the programs of their readers: LibreOffice converts every office file, `sdmx1` reads every SDMX-CSV by its
//! structure, `frictionless` validates every data package. What a machine lacks is said and passed over; `make clients-setup`
//! installs it.

use std::path::PathBuf;
use std::process::Command;

use super::{files, sample};
use crate::support::root;

/// The Python of the readers' libraries, if `make clients-setup` made it and it has these.
pub fn python(libraries: &str) -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    let python = cache.join("shebao/clients-venv/bin/python");
    let has = Command::new(&python).args(["-c", &format!("import {libraries}")]).output().ok()?.status.success();
    has.then_some(python)
}

#[test]
fn libreoffice_opens_every_office_file() {
    let is_there = |program: &str| Command::new("which").arg(program).output().is_ok_and(|o| o.status.success());
    if !is_there("soffice") {
        eprintln!("skipped: LibreOffice is not here; make clients-setup installs it");
        return;
    }
    let work = tempfile::tempdir().expect("a folder");
    let profile = format!("-env:UserInstallation=file://{}/profile", work.path().display());
    for ending in [".xlsx", ".ods", ".docx"] {
        let books = files(&sample().file("out/tables"), ending);
        assert!(books.len() >= 14, "{} files end in {ending}", books.len());
        for (nth, folder) in books.chunk_by(|a, b| a.parent() == b.parent()).enumerate() {
            let into = work.path().join(format!("{nth}{ending}"));
            let said = Command::new("soffice")
                .args([&profile, "--headless", "--convert-to", "pdf", "--outdir"])
                .arg(&into)
                .args(folder)
                .output()
                .expect("it runs");
            let told = String::from_utf8_lossy(&said.stderr).into_owned();
            let made = files(&into, ".pdf").len();
            assert_eq!(made, folder.len(), "of {} files in {}: {told}", folder.len(), folder[0].display());
            assert!(!told.contains("Error") && !told.to_lowercase().contains("repair"), "{told}");
        }
    }
}

#[test]
fn sdmx1_and_frictionless_read_what_is_theirs() {
    let Some(python) = python("sdmx, frictionless") else {
        eprintln!("skipped: sdmx1 and frictionless are not here; make clients-setup installs them");
        return;
    };
    let said = Command::new(python)
        .arg(root().join("scripts/check_products.py"))
        .arg(sample().file("out/tables"))
        .output()
        .expect("it runs");
    let told = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success(), "{told}");
    assert!(told.contains("SDMX-CSV: 17 files, 0 faults"), "{told}");
    assert!(told.contains("Data Package: 6 packages, 0 faults"), "{told}");
}
