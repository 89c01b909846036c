//! Office files taken apart and put together again, so that a mutation changes a part and not the packing around it.

use std::io::{Cursor, Read as _, Write as _};

use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// Room that a mutated part may grow into.
const GROWTH: usize = 256;
/// Parts longer than this are not unpacked.
const PART_BYTES: u64 = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Zip,
    /// The OLE2 container of `.xls`.
    Compound,
}

/// An office file taken apart: names and contents.
#[derive(Clone, Debug)]
pub struct Container {
    packing: Packing,
    pub parts: Vec<(String, Vec<u8>)>,
}

impl Container {
    /// `None` for what is no container, or cannot be taken apart.
    pub fn open(bytes: &[u8]) -> Option<Container> {
        let (packing, parts) = match bytes.get(..2)? {
            b"PK" => (Packing::Zip, unzip(bytes)?),
            b"\xD0\xCF" => (Packing::Compound, streams(bytes)?),
            _ => return None,
        };
        (!parts.is_empty()).then_some(Container { packing, parts })
    }

    pub fn close(&self) -> Option<Vec<u8>> {
        match self.packing {
            Packing::Zip => zip(&self.parts),
            Packing::Compound => compound(&self.parts),
        }
    }
}

/// A mutator for cargo-fuzz: `inner` changes one part of the container that `data[..size]` is, or the bytes themselves.
pub fn mutate(
    data: &mut [u8],
    size: usize,
    max_size: usize,
    seed: u32,
    inner: fn(&mut [u8], usize, usize) -> usize,
) -> usize {
    // Now and then the packing is mutated too.
    let opened = if seed.is_multiple_of(16) { None } else { Container::open(&data[..size]) };
    let mutated = opened.and_then(|mut container| {
        let nth = (seed / 16) as usize % container.parts.len();
        let part = &mut container.parts[nth].1;
        let length = part.len();
        part.resize(length + GROWTH, 0);
        let length = inner(part, length, length + GROWTH);
        part.truncate(length);
        container.close().filter(|bytes| bytes.len() <= max_size)
    });
    match mutated {
        Some(bytes) => {
            data[..bytes.len()].copy_from_slice(&bytes);
            bytes.len()
        }
        None => inner(data, size, max_size),
    }
}

/// Parts packed into an archive, uncompressed so that the engine sees them.
pub fn zip(parts: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, bytes) in parts {
        archive.start_file(name.as_str(), options).ok()?;
        archive.write_all(bytes).ok()?;
    }
    Some(archive.finish().ok()?.into_inner())
}

fn unzip(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).ok()?;
    let mut parts = Vec::new();
    for index in 0..archive.len() {
        let part = archive.by_index(index).ok()?;
        let name = part.name().ok()?.to_string();
        let mut content = Vec::new();
        part.take(PART_BYTES).read_to_end(&mut content).ok()?;
        if !name.ends_with('/') {
            parts.push((name, content));
        }
    }
    Some(parts)
}

fn streams(bytes: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
    let mut file = cfb::CompoundFile::open(Cursor::new(bytes)).ok()?;
    let names: Vec<String> = ["/Workbook", "/Book"].into_iter().filter(|n| file.exists(n)).map(str::to_owned).collect();
    let mut parts = Vec::new();
    for name in names {
        let mut content = Vec::new();
        file.open_stream(&name).ok()?.take(PART_BYTES).read_to_end(&mut content).ok()?;
        parts.push((name, content));
    }
    Some(parts)
}

fn compound(parts: &[(String, Vec<u8>)]) -> Option<Vec<u8>> {
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).ok()?;
    for (name, bytes) in parts {
        file.create_stream(name).ok()?.write_all(bytes).ok()?;
    }
    file.flush().ok()?;
    Some(file.into_inner().into_inner())
}
