//! A column of a group of rows as Parquet has it, of cells that are numbers already: words and days as a sorted
//! dictionary and the places in it, integers by their differences; [`super::unpack`] reads it. The writer of the library is handed cells one by one,
//! and would look for each of them in a dictionary of its own.

use std::fs::File;
use std::sync::Arc;

use ::parquet::basic::{Compression, Encoding, ZstdLevel};
use ::parquet::column::page::{CompressedPage, Page, PageReader as _, PageWriter as _};
use ::parquet::column::writer::ColumnCloseResult;
use ::parquet::data_type::ByteArray;
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::reader::RowGroupReader;
use ::parquet::file::serialized_reader::SerializedPageReader;
use ::parquet::file::statistics::Statistics;
use ::parquet::file::writer::{SerializedPageWriter, SerializedRowGroupWriter, TrackedWrite};
use ::parquet::schema::types::ColumnDescPtr;
use bytes::Bytes;
use zstd::zstd_safe::get_frame_content_size;

use super::column::{Column, NO_LONG, NO_SHORT, NO_WORD, Words};
use super::pack;
use super::unpack::{places, read};

/// The quickest: what is left to compress after packing are the words of dictionaries.
const LEVEL: i32 = 1;
/// Bytes of a word that statistics tell.
const TOLD_BYTES: usize = 64;

/// Bytes before a page, about.
const PAGE_HEAD_BYTES: usize = 64;
/// Numbers in a dictionary lie no farther apart: all days that records are of.
const SPREAD: u32 = 1 << 17;

/// Writes columns, in the order of the schema.
pub(super) struct Press {
    zstd: zstd::bulk::Compressor<'static>,
    unzstd: zstd::bulk::Decompressor<'static>,
}

/// A column that stands in a file as one dictionary and one page of places in it, both as they are stored.
struct Stored<'a> {
    about: &'a ColumnChunkMetaData,
    known: Page,
    /// Of the dictionary, not compressed.
    bytes: usize,
    data: Bytes,
}

/// What a dictionary may consist of, by its rank.
enum Entries<'a> {
    Words { words: &'a Words, numbers: &'a [u32] },
    Shorts { smallest: i32, count: usize },
}

impl Entries<'_> {
    fn count(&self) -> usize {
        match self {
            Entries::Words { numbers, .. } => numbers.len(),
            Entries::Shorts { count, .. } => *count,
        }
    }

    fn write(&self, rank: u32, into: &mut Vec<u8>) {
        match self {
            Entries::Words { words, numbers } => {
                let word = words.get(numbers[rank as usize]);
                into.extend_from_slice(&(word.len() as u32).to_le_bytes());
                into.extend_from_slice(word);
            }
            Entries::Shorts { smallest, .. } => into.extend_from_slice(&(smallest + rank as i32).to_le_bytes()),
        }
    }

    fn statistics(&self, ends: Option<(u32, u32)>, missing: u64) -> Statistics {
        let missing = Some(missing);
        match self {
            Entries::Words { words, numbers } => {
                let told = |rank: u32| Some(words.get(numbers[rank as usize])).filter(|w| w.len() <= TOLD_BYTES);
                let told = ends.and_then(|(first, last)| Some((told(first)?, told(last)?)));
                let told = told.map(|(first, last)| (ByteArray::from(first.to_vec()), ByteArray::from(last.to_vec())));
                let (first, last) = told.unzip();
                Statistics::byte_array(first, last, None, missing, false)
            }
            Entries::Shorts { smallest, .. } => {
                let (first, last) = ends.map(|(a, b)| (smallest + a as i32, smallest + b as i32)).unzip();
                Statistics::int32(first, last, None, missing, false)
            }
        }
    }
}

impl Press {
    pub(super) fn new() -> std::io::Result<Press> {
        Ok(Press { zstd: zstd::bulk::Compressor::new(LEVEL)?, unzstd: zstd::bulk::Decompressor::new()? })
    }

    /// These rows of a column of a file, in their order.
    pub(super) fn copy(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, impl std::io::Write + Send>,
        file: &Arc<File>,
        (from, nth): (&dyn RowGroupReader, usize),
        rows: &[u32],
    ) -> Result<(), ParquetError> {
        let about = from.metadata().column(nth);
        let count = from.metadata().num_rows() as usize;
        if let Some(stored) = Stored::read(file, about, count)?
            && let Some((pages, statistics)) = self.thinned(stored, count, rows)?
        {
            return append(group, &about.column_descr_ptr(), (pages, about.compression()), statistics, rows.len());
        }
        self.write(group, &about.column_descr_ptr(), &read(from, nth)?, rows)
    }

    /// These rows of so many, by the dictionary as it is: what costs most is to compress it, and a word that no row has does
    /// no harm. `None` where the first or the last of its words is gone, which statistics tell.
    fn thinned(
        &mut self,
        Stored { about, known, bytes, data }: Stored<'_>,
        count: usize,
        rows: &[u32],
    ) -> Result<Option<(Vec<CompressedPage>, Statistics)>, ParquetError> {
        let external = |error: std::io::Error| ParquetError::External(error.into());
        let is_pressed = about.compression() != Compression::UNCOMPRESSED;
        let data = match is_pressed {
            true => self.unzstd.decompress(&data, content_size(&data).unwrap_or_default()).map_err(external)?.into(),
            false => data,
        };
        let Some(cells) = places(about.column_descr(), &data, count) else { return Ok(None) };
        let mut cells: Vec<u32> = rows.iter().map(|row| cells[*row as usize]).collect();
        let (mut page, missing) = levels(&about.column_descr_ptr(), &mut cells, NO_WORD)?;
        let words = known.num_values();
        let missing = Some(missing);
        let statistics = match about.statistics() {
            Some(Statistics::ByteArray(told)) => {
                Statistics::byte_array(told.min_opt().cloned(), told.max_opt().cloned(), None, missing, false)
            }
            Some(Statistics::Int32(told)) => {
                Statistics::int32(told.min_opt().copied(), told.max_opt().copied(), None, missing, false)
            }
            _ => return Ok(None),
        };
        let (first, last) = (cells.iter().min().copied(), cells.iter().max().copied());
        if first != Some(0) || last != words.checked_sub(1) {
            return Ok(None);
        }
        let width = pack::width(u64::from(words - 1));
        page.push(width as u8);
        pack::runs(&cells, width, &mut page);
        let page = data_page(page, rows.len(), Encoding::RLE_DICTIONARY);
        let page = match is_pressed {
            true => {
                let pressed = self.zstd.compress(page.buffer()).map_err(external)?;
                exchanged(page, pressed.into())
            }
            false => uncompressed(page),
        };
        Ok(Some((vec![CompressedPage::new(known, bytes), page], statistics)))
    }

    /// These rows of a column, in this order.
    pub(super) fn write(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, impl std::io::Write + Send>,
        about: &ColumnDescPtr,
        column: &Column,
        rows: &[u32],
    ) -> Result<(), ParquetError> {
        match column {
            Column::Words { words, cells } => {
                let ranks = words.ranks();
                let rank = |cell: u32| if cell == NO_WORD { NO_WORD } else { ranks.of[cell as usize] };
                let cells = rows.iter().map(|row| rank(cells[*row as usize])).collect();
                self.dictionary(group, about, &Entries::Words { words, numbers: &ranks.numbers }, cells)
            }
            Column::Short(cells) => {
                let there = || rows.iter().map(|row| cells[*row as usize]).filter(|day| *day != NO_SHORT);
                let (smallest, largest) = (there().min().unwrap_or(0), there().max().unwrap_or(0));
                let rank = |row: &u32| match cells[*row as usize] {
                    NO_SHORT => NO_WORD,
                    day => (day - smallest) as u32,
                };
                if largest.abs_diff(smallest) > SPREAD {
                    let mut cells: Vec<i32> = rows.iter().map(|row| cells[*row as usize]).collect();
                    let (page, missing) = levels(about, &mut cells, NO_SHORT)?;
                    let statistics = Statistics::int32(Some(smallest), Some(largest), None, Some(missing), false);
                    let cells: Vec<i64> = cells.into_iter().map(i64::from).collect();
                    return differences(group, about, (page, statistics), &cells, rows.len());
                }
                let entries = Entries::Shorts { smallest, count: (largest - smallest) as usize + 1 };
                self.dictionary(group, about, &entries, rows.iter().map(rank).collect())
            }
            Column::Long(cells) => {
                let mut cells: Vec<i64> = rows.iter().map(|row| cells[*row as usize]).collect();
                let (page, missing) = levels(about, &mut cells, NO_LONG)?;
                let (least, most) = (cells.iter().min().copied(), cells.iter().max().copied());
                let statistics = Statistics::int64(least, most, None, Some(missing), false);
                differences(group, about, (page, statistics), &cells, rows.len())
            }
        }
    }

    /// One word in every row.
    pub(super) fn write_same(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, impl std::io::Write + Send>,
        about: &ColumnDescPtr,
        word: &str,
        rows: usize,
    ) -> Result<(), ParquetError> {
        let words: Words = [word.as_bytes()].into_iter().collect();
        self.dictionary(group, about, &Entries::Words { words: &words, numbers: &[0] }, vec![0; rows])
    }

    fn dictionary(
        &mut self,
        group: &mut SerializedRowGroupWriter<'_, impl std::io::Write + Send>,
        about: &ColumnDescPtr,
        entries: &Entries<'_>,
        mut cells: Vec<u32>,
    ) -> Result<(), ParquetError> {
        let rows = cells.len();
        let (mut page, missing) = levels(about, &mut cells, NO_WORD)?;
        let mut places = vec![NO_WORD; entries.count()];
        for cell in &cells {
            places[*cell as usize] = 0;
        }
        let (mut known, mut count, mut ends) = (Vec::new(), 0, None);
        for (place, rank) in places.iter_mut().zip(0..).filter(|(place, _)| **place == 0) {
            *place = count;
            count += 1;
            entries.write(rank, &mut known);
            ends = Some((ends.map_or(rank, |(first, _)| first), rank));
        }
        for cell in &mut cells {
            *cell = places[*cell as usize];
        }
        let width = pack::width(u64::from(count.saturating_sub(1)));
        page.push(width as u8);
        pack::runs(&cells, width, &mut page);
        let known =
            Page::DictionaryPage { buf: known.into(), num_values: count, encoding: Encoding::PLAIN, is_sorted: true };
        let pages = self.pressed(vec![known, data_page(page, rows, Encoding::RLE_DICTIONARY)])?;
        append(group, about, pages, entries.statistics(ends, missing), rows)
    }

    /// Compressed, unless nothing is gained by it.
    fn pressed(&mut self, pages: Vec<Page>) -> Result<(Vec<CompressedPage>, Compression), ParquetError> {
        let mut pressed = Vec::with_capacity(pages.len());
        for page in &pages {
            let buffer = self.zstd.compress(page.buffer()).map_err(|error| ParquetError::External(error.into()))?;
            pressed.push(Bytes::from(buffer));
        }
        let plain: usize = pages.iter().map(|page| page.buffer().len()).sum();
        if pressed.iter().map(Bytes::len).sum::<usize>() >= plain {
            return Ok((pages.into_iter().map(uncompressed).collect(), Compression::UNCOMPRESSED));
        }
        let pages = pages.into_iter().zip(pressed).map(|(page, bytes)| exchanged(page, bytes)).collect();
        Ok((pages, Compression::ZSTD(ZstdLevel::default())))
    }
}

impl Stored<'_> {
    /// `None` where it stands in the file in another form.
    fn read<'a>(
        file: &Arc<File>,
        about: &'a ColumnChunkMetaData,
        rows: usize,
    ) -> Result<Option<Stored<'a>>, ParquetError> {
        if about.dictionary_page_offset().is_none() {
            return Ok(None);
        }
        // Whoever is told that nothing is compressed hands over the pages as they are.
        let plain = about.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let mut pages = SerializedPageReader::new(file.clone(), &plain, rows, None)?;
        let (known, data, end) = (pages.get_next_page()?, pages.get_next_page()?, pages.get_next_page()?);
        let (Some(known @ Page::DictionaryPage { is_sorted: true, .. }), Some(data), None) = (known, data, end) else {
            return Ok(None);
        };
        let Page::DataPage { buf: data, encoding: Encoding::RLE_DICTIONARY, .. } = data else { return Ok(None) };
        let bytes = match about.compression() {
            Compression::UNCOMPRESSED => Some(known.buffer().len()),
            Compression::ZSTD(_) => content_size(known.buffer()),
            _ => None,
        };
        Ok(bytes.map(|bytes| Stored { about, known, bytes, data }))
    }
}

/// Bytes that zstd made these of.
fn content_size(pressed: &[u8]) -> Option<usize> {
    get_frame_content_size(pressed).ok().flatten().and_then(|size| usize::try_from(size).ok())
}

/// A page with its bytes compressed.
fn exchanged(mut page: Page, bytes: Bytes) -> CompressedPage {
    let length = page.buffer().len();
    let (Page::DataPage { buf, .. } | Page::DataPageV2 { buf, .. } | Page::DictionaryPage { buf, .. }) = &mut page;
    *buf = bytes;
    CompressedPage::new(page, length)
}

/// Integers that are there, by their differences: packed so closely that nothing is left to compress.
fn differences(
    group: &mut SerializedRowGroupWriter<'_, impl std::io::Write + Send>,
    about: &ColumnDescPtr,
    (mut page, statistics): (Vec<u8>, Statistics),
    there: &[i64],
    rows: usize,
) -> Result<(), ParquetError> {
    pack::differences(there, &mut page);
    let page = uncompressed(data_page(page, rows, Encoding::DELTA_BINARY_PACKED));
    append(group, about, (vec![page], Compression::UNCOMPRESSED), statistics, rows)
}

fn uncompressed(page: Page) -> CompressedPage {
    let length = page.buffer().len();
    CompressedPage::new(page, length)
}

fn data_page(bytes: Vec<u8>, rows: usize, encoding: Encoding) -> Page {
    Page::DataPage {
        buf: bytes.into(),
        num_values: rows as u32,
        encoding,
        def_level_encoding: Encoding::RLE,
        rep_level_encoding: Encoding::RLE,
        statistics: None,
    }
}

/// The beginning of a page: which cells are there, where some may be missing; and how many are, which are gone then.
fn levels<T: PartialEq + Copy>(
    about: &ColumnDescPtr,
    cells: &mut Vec<T>,
    missing: T,
) -> Result<(Vec<u8>, u64), ParquetError> {
    let count = cells.iter().filter(|cell| **cell == missing).count() as u64;
    let mut page = Vec::new();
    if about.max_def_level() > 0 {
        let there: Vec<u32> = cells.iter().map(|cell| u32::from(*cell != missing)).collect();
        page.extend_from_slice(&[0; 4]);
        pack::runs(&there, 1, &mut page);
        let length = page.len() as u32 - 4;
        page[..4].copy_from_slice(&length.to_le_bytes());
    } else if count > 0 {
        return Err(ParquetError::General(format!("{count} cells of {} are missing", about.name())));
    }
    if count > 0 {
        cells.retain(|cell| *cell != missing);
    }
    Ok((page, count))
}

fn append(
    group: &mut SerializedRowGroupWriter<'_, impl std::io::Write + Send>,
    about: &ColumnDescPtr,
    (pages, compression): (Vec<CompressedPage>, Compression),
    statistics: Statistics,
    rows: usize,
) -> Result<(), ParquetError> {
    let length: usize = pages.iter().map(|page| page.data().len() + PAGE_HEAD_BYTES).sum();
    let mut chunk = TrackedWrite::new(Vec::with_capacity(length));
    let mut encodings = vec![Encoding::RLE];
    let (mut plain, mut known_at, mut data_at) = (0, None, 0);
    let mut writer = SerializedPageWriter::new(&mut chunk);
    for page in pages {
        encodings.push(page.encoding());
        let place = if page.compressed_page().is_dictionary_page() { known_at.insert(0) } else { &mut data_at };
        let written = writer.write_page(page)?;
        *place = written.offset as i64;
        plain += written.uncompressed_size;
    }
    let chunk = chunk.into_inner()?;
    let metadata = ColumnChunkMetaData::builder(about.clone())
        .set_compression(compression)
        .set_encodings(encodings)
        .set_num_values(rows as i64)
        .set_total_compressed_size(chunk.len() as i64)
        .set_total_uncompressed_size(plain as i64)
        .set_dictionary_page_offset(known_at)
        .set_data_page_offset(data_at)
        .set_statistics(statistics)
        .build()?;
    let close = ColumnCloseResult {
        bytes_written: chunk.len() as u64,
        rows_written: rows as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    group.append_column(&Bytes::from(chunk), close)
}
