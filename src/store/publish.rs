//! The output folder, put in place whole: it is filled beside the old one and the two change places.
//!
//! On Linux the two names are exchanged in one step (`renameat2`, `RENAME_EXCHANGE`), so a reader that opens the folder
//! finds the old files or the new ones. Where the file system cannot do that, the old folder is moved aside and the new
//! one moved in: for a moment there is no output folder, and a run killed in that moment is made good by the next
//! [`prepare`].

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::release::sync_folder;

/// An empty folder beside `target`, to be filled and handed to [`exchange`]. Leftovers of killed runs are removed, and a
/// target that such a run had moved aside is put back.
///
/// # Errors
/// The folder around the target, or the target itself, cannot be written.
pub fn prepare(target: &Path) -> Result<PathBuf, StoreError> {
    let target = &followed(target);
    let (next, aside) = (beside(target, "next"), beside(target, "old"));
    if !target.exists() && aside.is_dir() {
        fs::rename(&aside, target).map_err(StoreError::io("put back", target))?;
    }
    remove(&aside)?;
    remove(&next)?;
    fs::create_dir_all(&next).map_err(StoreError::io("make the folder", &next))?;
    Ok(next)
}

/// Put the filled folder in the place of the target and remove what was there.
///
/// # Errors
/// The folder around the target cannot be written; then the target is as it was.
pub fn exchange(next: &Path, target: &Path) -> Result<(), StoreError> {
    let target = &followed(target);
    sync_tree(next)?;
    if !target.exists() {
        fs::rename(next, target).map_err(StoreError::io("put in place", target))?;
    } else if swap(next, target).map_err(StoreError::io("put in place", target))? {
        remove(next)?;
    } else {
        let aside = beside(target, "old");
        fs::rename(target, &aside).map_err(StoreError::io("move aside", target))?;
        if let Err(error) = fs::rename(next, target) {
            // The old files are better than none; the first error is the one to tell.
            let _ = fs::rename(&aside, target);
            return Err(StoreError::io("put in place", target)(error));
        }
        remove(&aside)?;
    }
    target.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_folder)
}

/// Exchange two names in one step; `false` where the system or the file system cannot.
#[cfg(target_os = "linux")]
fn swap(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::OPNOTSUPP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn swap(_: &Path, _: &Path) -> io::Result<bool> {
    Ok(false)
}

/// The folder a link leads to: a web server's own folder stays the one that is served.
fn followed(target: &Path) -> PathBuf {
    if target.is_symlink() { fs::canonicalize(target).unwrap_or_else(|_| target.to_owned()) } else { target.to_owned() }
}

/// `.out.next` beside `out`: hidden, so that nobody takes it for the real one.
fn beside(target: &Path, what: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(".");
    name.push(what);
    target.with_file_name(name)
}

fn remove(folder: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io("remove", folder)(error)),
        _ => Ok(()),
    }
}

/// Bring every file below a folder to disk, so that a name never stands for a file without content.
fn sync_tree(folder: &Path) -> Result<(), StoreError> {
    for entry in fs::read_dir(folder).map_err(StoreError::io("read the folder", folder))? {
        let path = entry.map_err(StoreError::io("read the folder", folder))?.path();
        if path.is_dir() {
            sync_tree(&path)?;
        } else {
            fs::File::open(&path).and_then(|file| file.sync_all()).map_err(StoreError::io("write", &path))?;
        }
    }
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_folder_changes_whole_and_leaves_nothing_beside() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        for edition in ["a", "b", "c"] {
            let next = prepare(&target).unwrap();
            fs::create_dir(next.join("tables")).unwrap();
            fs::write(next.join(edition), "…").unwrap();
            exchange(&next, &target).unwrap();
            assert_eq!(content(&target), [edition, "tables"]);
            assert_eq!(content(folder.path()), ["out"]);
        }
    }

    #[test]
    fn what_a_killed_run_left_is_made_good() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out");
        // Killed while filling: the target is untouched, the half folder goes.
        fs::create_dir(&target).unwrap();
        fs::write(target.join("old"), "…").unwrap();
        fs::write(prepare(&target).unwrap().join("half"), "…").unwrap();
        assert_eq!(content(&prepare(&target).unwrap()), [""; 0]);
        assert_eq!(content(&target), ["old"]);
        // Killed between the two renames of the slow way: the old folder comes back.
        fs::rename(&target, beside(&target, "old")).unwrap();
        prepare(&target).unwrap();
        assert_eq!(content(&target), ["old"]);
    }
}
