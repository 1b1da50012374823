//! Hugging Face Parquet, written here with arrow in every variant met.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use arrow_array::{
    ArrayRef, BinaryArray, Int8Array, Int64Array, LargeBinaryArray, RecordBatch, StringArray, StructArray,
};
use arrow_schema::{DataType, Field, Schema};
use fauxto::Label::{Fake, Real};
use fauxto::data::{Dataset, Labels, OpenOptions, Parent, PixelStore, Side, StoreOptions};
use fauxto::{Error, Label};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::WriterProperties;
use tempfile::TempDir;

/// A 2x2 PNG of one grey.
fn png(level: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let image = image::RgbImage::from_pixel(2, 2, image::Rgb([level; 3]));
    image.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn images(bytes: Vec<Option<Vec<u8>>>) -> ArrayRef {
    let paths = StringArray::from_iter((0..bytes.len()).map(|row| Some(format!("{row}.png"))));
    let bytes = BinaryArray::from_iter(bytes);
    let fields = vec![Field::new("bytes", DataType::Binary, true), Field::new("path", DataType::Utf8, true)];
    Arc::new(StructArray::new(fields.into(), vec![Arc::new(bytes), Arc::new(paths)], None))
}

fn greys(levels: std::ops::Range<u8>) -> ArrayRef {
    images(levels.map(|level| Some(png(level))).collect())
}

fn numbers(labels: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(labels.to_vec()))
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, classes: Option<&[&str]>, rows_per_group: usize) {
    let mut metadata = HashMap::new();
    if let Some(classes) = classes {
        let description = serde_json::json!({"info": {"features": {
            "image": {"_type": "Image"},
            "label": {"names": classes, "_type": "ClassLabel"},
        }}});
        metadata.insert("huggingface".to_owned(), description.to_string());
    }
    let fields: Vec<_> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new_with_metadata(fields, metadata));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, array)| array).collect()).unwrap();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_per_group))
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .build();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn open(path: &Path) -> Result<Dataset, Error> {
    Dataset::open(path, &OpenOptions::default())
}

fn labels(dataset: &Dataset) -> Vec<Option<Label>> {
    dataset.items.iter().map(|item| item.label).collect()
}

fn assert_says(outcome: Result<Dataset, Error>, parts: &[&str]) {
    let message = outcome.unwrap_err().to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
}

#[test]
fn names_decide_not_numbers() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    for (classes, expected) in [(["REAL", "FAKE"], [Real, Fake, Fake]), (["FAKE", "REAL"], [Fake, Real, Real])] {
        write(&path, vec![("image", greys(0..3)), ("label", numbers(&[0, 1, 1]))], Some(&classes), 2);
        let dataset = open(&path).unwrap();
        assert_eq!(labels(&dataset), expected.map(Some));
        let identities: Vec<_> = dataset.items.iter().map(|item| item.identity.as_str()).collect();
        assert_eq!(identities, ["data.parquet#0", "data.parquet#1", "data.parquet#2"]);
    }
}

#[test]
fn unclear_classes_are_refused_and_can_be_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    let columns = || vec![("image", greys(0..3)), ("label", numbers(&[0, 1, 2]))];
    let named = |names: &[&str]| OpenOptions {
        classes: Some(names.iter().map(|name| (*name).to_owned()).collect()),
        ..OpenOptions::default()
    };
    write(&path, columns(), None, 9);
    assert_says(open(&path), &["data.parquet", "without class names", "--classes"]);
    assert_says(Dataset::open(&path, &named(&["real", "fake"])), &["the label 2 in row 2", "0 to 1"]);
    let dataset = Dataset::open(&path, &named(&["fake", "real", "fake"])).unwrap();
    assert_eq!(labels(&dataset), [Some(Fake), Some(Real), Some(Fake)]);

    write(&path, columns(), Some(&["cat", "dog", "owl"]), 9);
    assert_says(open(&path), &["cat, dog, owl", "--classes"]);
    write(&path, columns(), Some(&["real", "fake", "ai"]), 9);
    assert_says(Dataset::open(&path, &named(&["fake", "real", "real"])), &["real,fake,ai", "leave --classes out"]);
}

#[test]
fn other_column_types_read_the_same() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    let large: ArrayRef = Arc::new(LargeBinaryArray::from_iter((0..2).map(|level| Some(png(level)))));
    let strings: ArrayRef = Arc::new(StringArray::from(vec!["fake", "Real"]));
    let parents: ArrayRef = Arc::new(StringArray::from(vec![None, Some("data.parquet#0")]));
    write(&path, vec![("image", large), ("label", strings), ("parent", parents)], None, 9);
    let dataset = open(&path).unwrap();
    assert_eq!(labels(&dataset), [Some(Fake), Some(Real)]);
    assert_eq!(dataset.items[1].parent, Some(Parent::Identity("data.parquet#0".to_owned())));
    assert_eq!(dataset.encoded(1).unwrap(), png(1));

    let small: ArrayRef = Arc::new(Int8Array::from(vec![1, 0]));
    write(&path, vec![("image", greys(0..2)), ("label", small)], Some(&["real", "fake"]), 9);
    assert_eq!(labels(&open(&path).unwrap()), [Some(Fake), Some(Real)]);
}

#[test]
fn without_labels_rows_are_for_judging() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    let to_judge = OpenOptions { labels: Labels::Optional, ..OpenOptions::default() };
    write(&path, vec![("image", greys(0..2))], None, 9);
    assert_says(open(&path), &["2 images without labels"]);
    assert_eq!(labels(&Dataset::open(&path, &to_judge).unwrap()), [None, None]);
    // -1 is the convention for a withheld label.
    write(&path, vec![("image", greys(0..2)), ("label", numbers(&[-1, 1]))], Some(&["real", "fake"]), 9);
    assert_eq!(labels(&open(&path).unwrap()), [None, Some(Fake)]);
}

#[test]
fn what_is_judged_may_have_labels_of_any_kind() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    let unread = OpenOptions { labels: Labels::Unread, ..OpenOptions::default() };
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(7), None]));
    write(&path, vec![("image", greys(0..2)), ("label", nulls)], Some(&["cat", "dog"]), 9);
    assert_says(open(&path), &["cat, dog"]);
    let dataset = Dataset::open(&path, &unread).unwrap();
    assert_eq!(labels(&dataset), [None, None]);
    assert_eq!((dataset.broken.len(), dataset.encoded(1).unwrap()), (0, png(1)));

    // Among images a file of others is named, and hides none of them.
    std::fs::write(folder.path().join("image"), png(2)).unwrap();
    let dataset = Dataset::open(folder.path(), &unread).unwrap();
    assert_eq!((dataset.items.len(), dataset.items[0].identity.as_str()), (1, "image"));
    assert_eq!((dataset.broken.len(), dataset.broken[0].identity.as_str()), (1, "data.parquet"));
    assert_says(open(folder.path()), &["1 Parquet files beside 1 images"]);
}

#[test]
fn null_rows_are_reported() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    let nulls: ArrayRef = Arc::new(Int64Array::from(vec![Some(0), None, Some(1), Some(1)]));
    let some = images(vec![Some(png(0)), Some(png(1)), None, Some(b"not an image".to_vec())]);
    write(&path, vec![("image", some), ("label", nulls)], Some(&["real", "fake"]), 2);
    let dataset = open(&path).unwrap();
    assert_eq!(dataset.broken.len(), 1);
    assert_eq!(dataset.broken[0].identity, "data.parquet#1");
    assert!(dataset.broken[0].reason.contains("null label"));

    let indices: Vec<usize> = (0..dataset.items.len()).collect();
    let store = PixelStore::fill(&dataset, &indices, &StoreOptions::new(2)).unwrap();
    let broken: Vec<_> =
        store.broken().iter().map(|broken| (broken.position, broken.entry.identity.as_str())).collect();
    assert_eq!(broken, [(1, "data.parquet#2"), (2, "data.parquet#3")]);
    assert!(store.broken()[0].entry.reason.contains("no image bytes"));
    assert!(store.broken()[1].entry.reason.contains("text"));
}

#[test]
fn shards_follow_each_other_and_bring_their_side() {
    let folder = TempDir::new().unwrap();
    let shard = |name: &str, level: u8, names: [&str; 2]| {
        let columns = vec![("image", greys(level..level + 2)), ("label", numbers(&[0, 1]))];
        write(&folder.path().join(name), columns, Some(&names), 1);
    };
    shard("data/train-00000-of-00002.parquet", 0, ["real", "fake"]);
    // Each shard's own names hold for it.
    shard("data/train-00001-of-00002.parquet", 2, ["fake", "real"]);
    shard("data/test-00000-of-00001-0123abcd.parquet", 4, ["real", "fake"]);
    shard("extra/validation/0000.parquet", 6, ["real", "fake"]);
    let dataset = open(folder.path()).unwrap();
    let told: Vec<_> = dataset.items.iter().map(|item| (item.identity.as_str(), item.label, item.side)).collect();
    let (test, train, validation) = (Some(Side::Test), Some(Side::Train), Some(Side::Validation));
    assert_eq!(
        told,
        [
            ("data/test-00000-of-00001-0123abcd.parquet#0", Some(Real), test),
            ("data/test-00000-of-00001-0123abcd.parquet#1", Some(Fake), test),
            ("data/train-00000-of-00002.parquet#0", Some(Real), train),
            ("data/train-00000-of-00002.parquet#1", Some(Fake), train),
            ("data/train-00001-of-00002.parquet#0", Some(Fake), train),
            ("data/train-00001-of-00002.parquet#1", Some(Real), train),
            ("extra/validation/0000.parquet#0", Some(Real), validation),
            ("extra/validation/0000.parquet#1", Some(Fake), validation),
        ]
    );
    // A file given by itself is the whole data set.
    assert_eq!(open(&folder.path().join("data/train-00000-of-00002.parquet")).unwrap().items[0].side, None);

    std::fs::remove_file(folder.path().join("data/train-00000-of-00002.parquet")).unwrap();
    assert_says(open(folder.path()), &["without shard 0 of 0 to 1", "all 2 shards of train"]);
}

#[test]
fn any_order_and_repetition_of_rows_over_groups_and_files() {
    let folder = TempDir::new().unwrap();
    for (name, start) in [("a.parquet", 0), ("b.parquet", 50)] {
        let columns = vec![("image", greys(start..start + 50)), ("label", numbers(&[0; 50]))];
        write(&folder.path().join(name), columns, Some(&["real", "fake"]), 7);
    }
    let dataset = open(folder.path()).unwrap();
    let indices = [99, 0, 49, 50, 13, 13, 6, 7, 8, 98, 0, 21, 99];
    let seen = Mutex::new(vec![Vec::new(); indices.len()]);
    dataset.visit_encoded(&indices, &|position, bytes| seen.lock().unwrap()[position].push(bytes.unwrap().to_vec()));
    for (visits, index) in seen.into_inner().unwrap().into_iter().zip(indices) {
        assert_eq!(visits, [png(index as u8)], "row {index}, once");
        assert_eq!(dataset.encoded(index).unwrap(), png(index as u8));
    }
}

#[test]
fn damaged_and_foreign_files_are_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    std::fs::write(&path, b"").unwrap();
    assert_says(open(&path), &["data.parquet", "damaged or truncated Parquet"]);
    std::fs::write(&path, b"PAR1 and no more").unwrap();
    assert_says(open(&path), &["damaged or truncated Parquet"]);

    write(&path, vec![("photo", greys(0..2)), ("label", numbers(&[0, 1]))], Some(&["real", "fake"]), 9);
    assert_says(open(&path), &["photo", "label: Int64", "image: struct<bytes: binary, path: string>"]);
    let floats: ArrayRef = Arc::new(arrow_array::Float64Array::from(vec![0.0, 1.0]));
    write(&path, vec![("image", greys(0..2)), ("label", floats)], None, 9);
    assert_says(open(&path), &["a label column of type Float64"]);

    write(&path, vec![("image", greys(0..2)), ("label", numbers(&[0, 1]))], Some(&["real", "fake"]), 9);
    std::fs::create_dir(folder.path().join("real")).unwrap();
    assert_says(open(folder.path()), &["1 Parquet files beside"]);
}

/// Writes the footer anew, with these numbers of rows in the file and in each of its two row groups.
fn restate(path: &Path, file_rows: i64, group_rows: [i64; 2]) {
    let mut bytes = std::fs::read(path).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&std::fs::File::open(path).unwrap()).unwrap();
    let groups = metadata.row_groups().iter().zip(group_rows);
    let groups = groups.map(|(group, rows)| group.clone().into_builder().set_num_rows(rows).build().unwrap());
    let metadata = metadata.clone().into_builder().set_row_groups(groups.collect()).build();
    let old_length = u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
    bytes.truncate(bytes.len() - 8 - old_length);
    let start = bytes.len();
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().unwrap();
    // The writer adds the groups up by itself, so the number of the file's rows is replaced in Thrift's compact form:
    // between the headers of its own field and of the two groups.
    let field = |rows: i64| [&[0x16][..], &variable_length(rows), &[0x19, 0x2c]].concat();
    let own = field(group_rows.iter().sum());
    let place = start + bytes[start..].windows(own.len()).position(|window| window == own).unwrap();
    bytes.splice(place..place + own.len(), field(file_rows));
    let end = bytes.len() - 8;
    let new_length = (end - start) as u32;
    bytes[end..end + 4].copy_from_slice(&new_length.to_le_bytes());
    std::fs::write(path, bytes).unwrap();
}

/// Seven bits at a time, the sign in the lowest.
fn variable_length(number: i64) -> Vec<u8> {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    let mut bytes = Vec::new();
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
    bytes
}

#[test]
fn footers_that_count_other_rows_than_there_are_make_the_file_broken() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    let unread = OpenOptions { labels: Labels::Unread, ..OpenOptions::default() };
    for (file_rows, group_rows, part) in [
        (1 << 62, [2, 2], "4611686018427387904 rows"),
        (1 << 33, [2, 2], "8589934592 rows"),
        (3, [2, 2], "3 rows"),
        (-4, [2, 2], "-4 rows"),
        (1 << 33, [1 << 32, 1 << 32], "4294967296 rows but 2 images in row group 0"),
        (3, [2, 1], "1 rows but 2 images in row group 1"),
        (4, [-1, 5], "-1 rows"),
    ] {
        write(&path, vec![("image", greys(0..4)), ("label", numbers(&[0, 1, 0, 1]))], Some(&["real", "fake"]), 2);
        restate(&path, 4, [2, 2]);
        assert_eq!(open(&path).unwrap().items.len(), 4, "the file is whole as long as its footer says what is true");
        restate(&path, file_rows, group_rows);
        assert_says(open(&path), &["data.parquet", "damaged or truncated Parquet", part]);
        assert_says(Dataset::open(&path, &unread), &["data.parquet", "damaged or truncated Parquet"]);
    }
    // Columns of plain bytes are counted like those within a struct.
    let plain: ArrayRef = Arc::new(BinaryArray::from_iter((0..4).map(|level| Some(png(level)))));
    write(&path, vec![("image", plain)], None, 2);
    restate(&path, 3, [2, 1]);
    assert_says(Dataset::open(&path, &unread), &["1 rows but 2 images in row group 1"]);
}

/// A page lost in the middle costs its own rows, not the others.
#[test]
fn damage_within_a_row_group_is_reported_row_by_row() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("data.parquet");
    write(&path, vec![("image", greys(0..20)), ("label", numbers(&[0; 20]))], Some(&["real", "fake"]), 10);
    let dataset = open(&path).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    // The first column chunk of the first group starts behind the magic bytes.
    bytes[40..120].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let indices: Vec<usize> = (0..20).collect();
    let store = PixelStore::fill(&dataset, &indices, &StoreOptions::new(2)).unwrap();
    let broken: Vec<_> = store.broken().iter().map(|broken| broken.position).collect();
    assert_eq!(broken, (0..10).collect::<Vec<_>>());
    assert!(store.broken()[0].entry.reason.contains("damaged"), "{:?}", store.broken()[0]);
    let mut pixels = [0; 12];
    store.read(15, &mut pixels).unwrap();
    assert_eq!(pixels, [15; 12]);

    std::fs::remove_file(&path).unwrap();
    let store = PixelStore::fill(&dataset, &indices, &StoreOptions::new(2)).unwrap();
    assert_eq!(store.broken().len(), 20);
}

#[test]
fn further_columns_are_read_for_every_item_and_missing_ones_named() {
    let folder = TempDir::new().unwrap();
    let shows: ArrayRef = Arc::new(StringArray::from(vec![Some("cat"), None, Some("ship")]));
    for shard in ["a.parquet", "b.parquet"] {
        let columns = vec![("image", greys(0..3)), ("label", numbers(&[0, 1, 0])), ("subject", shows.clone())];
        write(&folder.path().join(shard), columns, Some(&["real", "fake"]), 2);
    }
    let dataset = open(folder.path()).unwrap();
    let subjects = fauxto::data::column(&dataset, "subject").unwrap();
    let subjects: Vec<Option<&str>> = subjects.iter().map(Option::as_deref).collect();
    assert_eq!(subjects, [Some("cat"), None, Some("ship"), Some("cat"), None, Some("ship")]);
    for absent in ["topic", "label"] {
        let error = fauxto::data::column(&dataset, absent).unwrap_err().to_string();
        assert!(error.contains("image, label, subject") && error.contains(absent), "{error}");
    }
}
