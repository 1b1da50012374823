//! Every layout of folders and manifests, and what is said of those that cannot be understood.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fauxto::Label::{Fake, Real};
use fauxto::data::{Dataset, Labels, Limits, Location, OpenOptions, Parent, READERS, Side};
use fauxto::{Label, data};
use tempfile::TempDir;

/// A folder with files at these paths, one pixel of PNG each, but for texts.
fn tree(paths: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for path in paths {
        let bytes = if path.ends_with(".txt") { b"text".to_vec() } else { pixel() };
        write(folder.path(), path, bytes);
    }
    folder
}

fn write(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn pixel() -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(1, 1).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn open(path: impl AsRef<Path>) -> Dataset {
    Dataset::open(path, &OpenOptions::default()).unwrap()
}

fn to_judge() -> OpenOptions {
    OpenOptions { labels: Labels::Optional, ..OpenOptions::default() }
}

fn error(path: impl AsRef<Path>) -> String {
    Dataset::open(path, &OpenOptions::default()).unwrap_err().to_string()
}

fn told(dataset: &Dataset) -> Vec<(&str, Option<Label>, Option<Side>)> {
    dataset.items.iter().map(|item| (item.identity.as_str(), item.label, item.side)).collect()
}

fn assert_says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing in: {message}");
    }
}

#[test]
fn class_folders_of_every_naming() {
    for (real, fake) in [
        ("real", "fake"),
        ("REAL", "FAKE"),
        ("0_real", "1_fake"),
        ("1_real", "0_fake"),
        ("real_cifake_images", "fake_cifake_images"),
        ("nature", "ai"),
    ] {
        let folder = tree(&[&format!("{real}/1.png"), &format!("{fake}/1.png"), &format!("{fake}/deeper/2.png")]);
        let dataset = open(folder.path());
        assert_eq!(dataset.class_counts(), [1, 2], "{real} {fake}");
        for item in &dataset.items {
            let label = if item.identity.starts_with(real) { Real } else { Fake };
            assert_eq!((item.label, item.side), (Some(label), None), "{}", item.identity);
        }
        dataset.require_both_classes().unwrap();
    }
}

#[test]
fn order_is_natural_and_identities_are_relative() {
    let folder = tree(&["real/10.png", "real/2.png", "real/1.png", "fake/02.png", "fake/2.png"]);
    assert_eq!(
        told(&open(folder.path())).iter().map(|item| item.0).collect::<Vec<_>>(),
        ["fake/02.png", "fake/2.png", "real/1.png", "real/2.png", "real/10.png"]
    );
}

#[test]
fn sides_above_the_classes() {
    let folder = tree(&[
        "train/real/1.png",
        "train/fake/1.png",
        "valid/REAL/1.png",
        "valid/FAKE/1.png",
        "test/0_real/1.png",
        "test/1_fake/1.png",
    ]);
    let (train, validation, test) = (Some(Side::Train), Some(Side::Validation), Some(Side::Test));
    assert_eq!(
        told(&open(folder.path())),
        [
            ("test/0_real/1.png", Some(Real), test),
            ("test/1_fake/1.png", Some(Fake), test),
            ("train/fake/1.png", Some(Fake), train),
            ("train/real/1.png", Some(Real), train),
            ("valid/FAKE/1.png", Some(Fake), validation),
            ("valid/REAL/1.png", Some(Real), validation),
        ]
    );
}

#[test]
fn an_unlabelled_folder_beside_the_classes_is_for_judging_only() {
    let folder = tree(&[
        "real_x_images/1.png",
        "fake_x_images/1.png",
        "test/10.png",
        "test/9.png",
        "notes.txt",
        ".hidden.png",
        "__MACOSX/1.png",
    ]);
    let dataset = open(folder.path());
    let names =
        |indices: Vec<usize>| indices.iter().map(|&index| dataset.items[index].identity.as_str()).collect::<Vec<_>>();
    assert_eq!(names(dataset.labelled()), ["fake_x_images/1.png", "real_x_images/1.png"]);
    assert_eq!(names(dataset.unlabelled()), ["test/9.png", "test/10.png"]);
    // It gives no side: nothing in it has a label that a test could use.
    assert!(dataset.items.iter().all(|item| item.side.is_none()));
    assert_eq!(dataset.ignored, [folder.path().join("notes.txt")]);

    let sided = tree(&["train/real/1.png", "train/fake/1.png", "test/1.png"]);
    let dataset = open(sided.path());
    assert_eq!(dataset.unlabelled().len(), 1);
    assert_eq!(dataset.class_counts(), [1, 1]);
}

#[test]
fn a_flat_folder_or_one_image_opens_for_judging_only() {
    let folder = tree(&["10.png", "9.png"]);
    assert_says(&error(folder.path()), &["2 images", "real/ fake/"]);
    let dataset = Dataset::open(folder.path(), &to_judge()).unwrap();
    assert_eq!(told(&dataset), [("9.png", None, None), ("10.png", None, None)]);

    let one = folder.path().join("9.png");
    assert_says(&error(&one), &["without labels"]);
    let dataset = Dataset::open(&one, &to_judge()).unwrap();
    assert_eq!(told(&dataset), [("9.png", None, None)]);
    assert_eq!(dataset.encoded(0).unwrap(), pixel());
}

#[test]
fn ambiguity_shows_what_was_found() {
    for (paths, parts) in [
        (&["real_a/1.png", "real_b/1.png", "fake/1.png"][..], &["real_a/, real_b/", "at most one folder"][..]),
        (&["cats/1.png", "dogs/1.png"], &["cats/, dogs/", "real/ fake/"]),
        (&["real_and_fake/1.png", "fake/1.png", "fake_2/1.png"], &["fake/, fake_2/", "real_and_fake/"]),
        (&["val/real/1.png", "validation/fake/1.png"], &["val/, validation/"]),
        (&["real/1.png", "fake/1.png", "train/real/1.png", "train/fake/1.png"], &["within it", "train"]),
        (&["real/fake/1.png", "fake/1.png"], &["within it"]),
        (&["real/train/1.png", "real/test/1.png", "fake/1.png"], &["within it", "above the class folders"]),
        (&["archive/real/1.png", "archive/fake/1.png"], &["archive", "give the folder that holds the classes"]),
        (&["real/1.txt", "fake/1.png"], &["no image"]),
        (&["notes.txt"], &["real/ fake/"]),
    ] {
        let folder = tree(paths);
        assert_says(&error(folder.path()), parts);
    }
    let nothing = TempDir::new().unwrap();
    assert_says(&Dataset::open(nothing.path(), &to_judge()).unwrap_err().to_string(), &["no image"]);
    assert_says(&error(nothing.path().join("absent")), &["absent", "opening"]);
    let other = tree(&["weights.bin"]);
    write(other.path(), "weights.bin", "text");
    assert_says(&error(other.path().join("weights.bin")), &["another kind", "Parquet", "CSV"]);
}

#[test]
fn what_is_judged_may_lie_in_any_folders() {
    let unread = OpenOptions { labels: Labels::Unread, ..OpenOptions::default() };
    // Stores of uploads name files by their content alone.
    let folder = tree(&["fake/real/1.png", "a/fake/2.png", "a/train/3", "a.b/4.png", ".hidden/5.png", "notes.txt"]);
    let expected = [("a/fake/2.png", None, None), ("a/train/3", None, None), ("a.b/4.png", None, None)];
    let dataset = Dataset::open(folder.path(), &unread).unwrap();
    let mut found = told(&dataset);
    assert!(found.contains(&("fake/real/1.png", None, None)));
    found.retain(|entry| expected.contains(entry));
    assert_eq!((found.len(), dataset.items.len(), dataset.ignored.len()), (3, 4, 1));

    // What a manifest says of labels, sides and parents is not looked at either, nor one that lies in a folder.
    write(folder.path(), "list.csv", "file_name,label,split,parent\na.b/4.png,cat,nowhere,../x.png\n");
    let listed = Dataset::open(folder.path().join("list.csv"), &unread).unwrap();
    assert_eq!(told(&listed), [("a.b/4.png", None, None)]);
    write(folder.path(), "metadata.csv", "file_name,label\na.b/4.png,cat\n");
    assert_eq!(Dataset::open(folder.path(), &unread).unwrap().items.len(), 4);
}

#[test]
fn one_class_opens_but_cannot_be_learned_from() {
    let folder = tree(&["real/1.png"]);
    let dataset = open(folder.path());
    assert_eq!(dataset.class_counts(), [1, 0]);
    assert_says(&dataset.require_both_classes().unwrap_err().to_string(), &["1 real and 0 fake", "add fake images"]);
}

#[test]
fn images_of_unsupported_formats_are_listed_not_passed_over() {
    let folder = tree(&["real/1.png", "fake/1.png"]);
    write(folder.path(), "fake/2.heic", b"\0\0\0\x18ftypheic\0\0\0\0");
    let dataset = open(folder.path());
    assert_eq!(dataset.items[1].identity, "fake/2.heic");
    let bytes = dataset.encoded(1).unwrap();
    assert_says(&data::decode(&bytes, &Limits::default()).unwrap_err().to_string(), &["HEIC", "convert it to PNG"]);
}

#[test]
fn csv_and_json_lines_say_the_same() {
    let folder = tree(&["a/1.png", "a/2.png", "b/3.png", "b/4.png"]);
    // With what spreadsheets add: a byte order mark, spaces, other columns.
    write(
        folder.path(),
        "list.csv",
        "\u{feff}camera,file_name, label,parent,split,prediction\nx,a/1.png, real,,train,fake\ny,\"a/2.png\",FAKE,a/1.png,val,\nz,b/3.png,1_fake,,,real\n,b/4.png,,,,\n",
    );
    write(
        folder.path(),
        "list.jsonl",
        concat!(
            "{\"file_name\": \"./a/1.png\", \"label\": \"real\", \"split\": \"train\", \"prediction\": \"fake\", \"width\": 3}\n\n",
            "{\"file_name\": \"a/2.png\", \"label\": \"FAKE\", \"parent\": \"a/1.png\", \"split\": \"val\"}\n",
            "{\"file_name\": \"b/3.png\", \"label\": \"1_fake\", \"prediction\": \"real\"}\n",
            "{\"file_name\": \"b/4.png\", \"label\": null}\n",
        ),
    );
    let csv = open(folder.path().join("list.csv"));
    let lines = open(folder.path().join("list.jsonl"));
    assert_eq!(
        told(&csv),
        [
            ("a/1.png", Some(Real), Some(Side::Train)),
            ("a/2.png", Some(Fake), Some(Side::Validation)),
            ("b/3.png", Some(Fake), None),
            ("b/4.png", None, None),
        ]
    );
    assert_eq!(csv.items[1].parent, Some(Parent::Identity("a/1.png".to_owned())));
    assert_eq!(csv.verdicts, Some(vec![Some(Fake), None, Some(Real), None]));
    assert_eq!(told(&csv), told(&lines));
    assert_eq!((csv.items[1].parent.clone(), csv.verdicts), (lines.items[1].parent.clone(), lines.verdicts.clone()));
    assert_eq!(lines.encoded(2).unwrap(), pixel());
}

#[test]
fn parents_by_content_lie_anywhere_and_are_no_paths() {
    let folder = tree(&["1.png"]);
    let hash = "0123456789abcdef".repeat(4);
    write(
        folder.path(),
        "metadata.csv",
        format!("file_name,label,parent,parent_content_hash\n1.png,real,../data.parquet#7,{hash}\n"),
    );
    let dataset = open(folder.path());
    assert_eq!(dataset.items[0].parent, Some(Parent::Content { content: hash.parse().unwrap() }));
}

#[test]
fn added_items_leave_the_others_names_alone() {
    let (first, second) = (tree(&["real/1.png", "fake/1.png"]), tree(&["a.png"]));
    write(second.path(), "metadata.csv", "file_name,label,parent,prediction\na.png,fake,fake/1.png,real\n");
    let mut dataset = open(first.path());
    dataset.append(open(second.path()), "derived").unwrap();
    let names: Vec<&str> = dataset.items.iter().map(|item| item.identity.as_str()).collect();
    assert_eq!(names, ["fake/1.png", "real/1.png", "derived/a.png"]);
    assert_eq!(dataset.items[2].parent, Some(Parent::Identity("fake/1.png".to_owned())));
    assert_eq!(dataset.verdicts, Some(vec![None, None, Some(Real)]));
    assert_eq!(dataset.encoded(2).unwrap(), pixel());
    assert_says(&dataset.append(open(second.path()), "derived").unwrap_err().to_string(), &["derived/a.png twice"]);
}

#[test]
fn numbers_need_class_names() {
    let folder = tree(&["1.png", "2.png"]);
    write(folder.path(), "metadata.csv", "file_name,label\n1.png,0\n2.png,1\n");
    assert_says(&error(folder.path()), &["numbers without class names", "--classes"]);
    let swapped = OpenOptions { classes: Some(vec!["fake".to_owned(), "real".to_owned()]), ..OpenOptions::default() };
    let dataset = Dataset::open(folder.path(), &swapped).unwrap();
    assert_eq!(told(&dataset), [("1.png", Some(Fake), None), ("2.png", Some(Real), None)]);
}

#[test]
fn manifests_that_cannot_be_understood() {
    for (name, text, parts) in [
        ("a.csv", "path,label\n1.png,real\n", &["path, label", "file_name"][..]),
        (
            "a.csv",
            "file_name,label\n1.png,real\n./1.png,fake\n",
            &["a.csv: found 1.png twice, in line 2 and in line 3"],
        ),
        ("a.csv", "file_name,label,label\n1.png,real,fake\n", &["a.csv", "the column label twice in line 1"]),
        (
            "a.jsonl",
            "{\"file_name\": \"1.png\", \"label\": \"real\", \"label\": \"fake\"}",
            &["a.jsonl", "the column label twice in line 1"],
        ),
        ("a.csv", "file_name,label\n1.png,cat\n", &["the label cat in line 2"]),
        ("a.csv", "file_name,label\n../1.png,real\n", &["../1.png in line 2", "within it"]),
        ("a.csv", "file_name,label\n/1.png,real\n", &["/1.png in line 2"]),
        ("a.csv", "file_name,label,split\n1.png,real,tomorrow\n", &["the split tomorrow"]),
        ("a.csv", "file_name,label\n1.png,real,more\n", &["broken CSV"]),
        ("a.csv", "file_name,label,parent_content_hash\n1.png,real,12\n", &["parent_content_hash 12", "hexadecimal"]),
        ("a.csv", "file_name,label\n,real\n", &["no file_name in line 2"]),
        ("a.csv", "file_name,label\n", &["no image"]),
        ("a.csv", "file_name\n1.png\n", &["without labels"]),
        ("a.csv", "", &["file_name"]),
        ("a.jsonl", "[1, 2]\n", &["line 1", "object"]),
        ("a.jsonl", "{\"file_name\": \"1.png\", \"label\": \"real\"}\n{\"file_n", &["line 2"]),
        ("a.jsonl", "{\"image\": \"1.png\"}", &["the columns image"]),
        ("a.jsonl", "{\"file_name\": \"1.png\", \"label\": true}", &["the label true in line 1"]),
    ] {
        let folder = tree(&["1.png"]);
        write(folder.path(), name, text);
        assert_says(&error(folder.path().join(name)), parts);
    }
    // Columns that nobody reads may be there as often as they like.
    let others = tree(&["1.png"]);
    write(others.path(), "a.csv", "file_name,label,,\n1.png,real,,\n");
    write(others.path(), "a.jsonl", "{\"file_name\": \"1.png\", \"label\": \"real\", \"x\": 1, \"x\": {\"label\": 2}}");
    for name in ["a.csv", "a.jsonl"] {
        assert_eq!(told(&open(others.path().join(name))), [("1.png", Some(Real), None)]);
    }
    write(others.path(), "b.csv", "file_name,label,label\n1.png,real,fake\n");
    let unread = OpenOptions { labels: Labels::Unread, ..OpenOptions::default() };
    assert_eq!(Dataset::open(others.path().join("b.csv"), &unread).unwrap().items.len(), 1);

    let twice = tree(&["real/1.png", "fake/1.png"]);
    write(twice.path(), "metadata.csv", "file_name,label\nreal/1.png,real\n");
    assert_says(&error(twice.path()), &["metadata.csv beside class folders"]);
}

#[test]
fn a_file_that_a_manifest_names_but_is_absent_is_that_items_error() {
    let folder = tree(&["1.png"]);
    write(folder.path(), "a.csv", "file_name,label\n1.png,real\n2.png,fake\n");
    let dataset = open(folder.path().join("a.csv"));
    assert!(dataset.encoded(0).is_ok());
    assert_says(&dataset.encoded(1).unwrap_err().to_string(), &["2.png", "opening failed"]);
}

#[test]
fn verdict_lists_join_by_the_number_in_the_name() {
    let folder = tree(&[
        "real_cifake_images/1.png",
        "real_cifake_images/2.png",
        "real_cifake_images/10.png",
        "fake_cifake_images/1.png",
    ]);
    let list = "[{\"index\": 10, \"label\": \"real\", \"prediction\": \"fake\"}, {\"index\": 2, \"label\": \"real\", \"prediction\": \"real\"}]";
    write(folder.path(), "real_cifake_preds.json", list);
    write(folder.path(), "fake_cifake_preds.json", "[{\"index\": 1, \"label\": \"fake\", \"prediction\": \"real\"}]");
    let real = open(folder.path().join("real_cifake_preds.json"));
    assert_eq!(
        told(&real),
        [("real_cifake_images/2.png", Some(Real), None), ("real_cifake_images/10.png", Some(Real), None)]
    );
    assert_eq!(real.verdicts, Some(vec![Some(Real), Some(Fake)]));

    // Both lists together are what a detector is evaluated on; identities are those of the folder.
    let lists = ["real_cifake_preds.json", "fake_cifake_preds.json"].map(|name| folder.path().join(name));
    let both = Dataset::open_all(&lists, &OpenOptions::default()).unwrap();
    assert_eq!(both.class_counts(), [2, 1]);
    assert_eq!(both.verdicts, Some(vec![Some(Real), Some(Fake), Some(Real)]));
    let all = open(folder.path());
    assert!(both.items.iter().all(|item| { all.items.iter().any(|other| other.identity == item.identity) }));
}

#[test]
fn verdict_lists_that_do_not_fit() {
    for (name, text, parts) in [
        (
            "real_cifake_preds.json",
            "[{\"index\": 7, \"label\": \"real\"}]",
            &["index 7", "an image for every index"][..],
        ),
        ("real_cifake_preds.json", "[{\"index\": 1}, {\"index\": 1}]", &["index 1 twice"]),
        ("real_cifake_preds.json", "[{\"index\": 1, \"label\": \"cat\"}]", &["cat at index 1"]),
        ("real_cifake_preds.json", "{\"index\": 1}", &["something else"]),
        ("real_cifake_preds.json", "[{\"index\": 1, \"label\": ", &["something else"]),
        (
            "submission.json",
            "[{\"index\": 1, \"prediction\": \"real\"}]",
            &["real_cifake_images/", "submission_images/"],
        ),
    ] {
        let folder = tree(&["real_cifake_images/1.png"]);
        write(folder.path(), name, text);
        assert_says(&error(folder.path().join(name)), parts);
    }
    let twins = tree(&["x_images/1.png", "x_images/01.png"]);
    write(twins.path(), "x_preds.json", "[{\"index\": 1, \"label\": \"real\"}]");
    assert_says(&error(twins.path().join("x_preds.json")), &["01.png and 1.png"]);
}

#[test]
fn several_paths_make_one_data_set_in_the_order_given() {
    let folder = tree(&["b/real/1.png", "b/fake/1.png", "a/7.png"]);
    let paths: Vec<PathBuf> = ["b", "a/7.png"].iter().map(|path| folder.path().join(path)).collect();
    let dataset = Dataset::open_all(&paths, &to_judge()).unwrap();
    let names: Vec<_> = dataset.items.iter().map(|item| item.identity.as_str()).collect();
    assert_eq!(names, ["b/fake/1.png", "b/real/1.png", "a/7.png"]);
    let twice = Dataset::open_all(&[paths[1].clone(), paths[1].clone()], &to_judge());
    assert_says(&twice.unwrap_err().to_string(), &["7.png twice"]);
    assert!(Dataset::open_all(&[], &to_judge()).is_err());
}

#[test]
fn images_in_memory_are_items_too() {
    let images = vec![("-".to_owned(), Arc::<[u8]>::from(pixel()))];
    let dataset = Dataset::from_memory(images, Limits::default()).unwrap();
    assert_eq!(dataset.encoded(0).unwrap(), pixel());
    assert!(matches!(dataset.items[0].location, Location::Memory(_)));
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_unreadable_folders_are_named() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = tree(&["elsewhere/1.png", "data/fake/1.png"]);
    symlink(folder.path().join("elsewhere"), folder.path().join("data/real")).unwrap();
    assert_eq!(open(folder.path().join("data")).class_counts(), [1, 1]);

    let closed = folder.path().join("data/fake");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let refused = std::fs::read_dir(&closed).is_err();
    let outcome = Dataset::open(folder.path().join("data"), &OpenOptions::default());
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o755)).unwrap();
    if refused {
        assert_says(&outcome.unwrap_err().to_string(), &["data/fake", "listing failed"]);
    } else {
        eprintln!("skipped: permissions do not bind this user");
    }

    // A link that leads nowhere is an entry that cannot be used, and hides no other image.
    let dangling = tree(&["real/1.png", "fake/1.png", "more/1.png"]);
    for name in ["real/2.png", "real/.#3.png", "real/notes", "more/2.png", "more/notes"] {
        symlink("nothing", dangling.path().join(name)).unwrap();
    }
    let broken = |dataset: &Dataset| {
        let mut names: Vec<String> = dataset.broken.iter().map(|entry| entry.identity.clone()).collect();
        names.sort();
        names
    };
    let learned = open(dangling.path());
    assert_eq!((learned.class_counts(), learned.unlabelled().len()), ([1, 1], 1));
    assert_eq!(broken(&learned), ["more/2.png", "real/2.png", "real/notes"]);
    assert_says(&learned.broken[0].reason, &["listing failed"]);
    let audit = data::audit::audit_dataset(&learned, &|| ());
    assert_eq!((audit.images, audit.unreadable.len()), (6, 3));
    let unread = OpenOptions { labels: Labels::Unread, ..OpenOptions::default() };
    let judged = Dataset::open(dangling.path(), &unread).unwrap();
    assert_eq!((judged.items.len(), broken(&judged)), (3, vec!["more/2.png".to_owned(), "real/2.png".to_owned()]));

    let circular = tree(&["real/1.png", "fake/1.png"]);
    symlink(circular.path().join("real"), circular.path().join("real/again")).unwrap();
    assert_eq!(broken(&open(circular.path())), ["real/again"]);

    let closed = tree(&["real/1.png", "real/closed/2.png", "fake/1.png", "more/1.png"]);
    let folders = ["real/closed", "more"].map(|name| closed.path().join(name));
    let allow = |mode| {
        for folder in &folders {
            std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    allow(0o000);
    let outcome = Dataset::open(closed.path(), &OpenOptions::default());
    allow(0o755);
    if refused {
        assert_eq!(broken(&outcome.unwrap()), ["more", "real/closed"]);
    }
}

/// Such names come out of old archives and of recovered disks.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_stay_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tree(&["fake/1.png"]);
    let real = folder.path().join("real");
    std::fs::create_dir(&real).unwrap();
    for (name, bytes) in [(&b"a\xff.png"[..], pixel()), (b"a\xfe.png", b"text".to_vec())] {
        std::fs::write(real.join(OsStr::from_bytes(name)), bytes).unwrap();
    }
    let dataset = open(folder.path());
    let identities: Vec<&str> = dataset.items.iter().map(|item| item.identity.as_str()).collect();
    assert_eq!(identities, ["fake/1.png", r"real/a\xfe.png", r"real/a\xff.png"]);
    assert_eq!((dataset.encoded(1).unwrap(), dataset.encoded(2).unwrap()), (b"text".to_vec(), pixel()));
}

/// The setting the project starts from: 1,000 + 1,000 numbered files, and 500 without labels.
#[test]
fn the_synergy_layout_opens_as_it_is() {
    let data = std::env::var_os("FAUXTO_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/datasets"), PathBuf::from);
    let path = data.join("synergy");
    if !path.exists() {
        eprintln!("skipped: {} absent", path.display());
        return;
    }
    let dataset = open(&path);
    assert_eq!(dataset.class_counts(), [1000, 1000]);
    let unlabelled = dataset.unlabelled();
    assert_eq!(unlabelled.len(), 500);
    for (number, index) in (1..).zip(unlabelled) {
        assert_eq!(dataset.items[index].identity, format!("test/{number}.png"));
    }
    assert!(dataset.broken.is_empty());
}

#[test]
fn every_reader_is_described() {
    for reader in READERS {
        assert!(!reader.name.is_empty() && !reader.summary.is_empty() && !reader.source.is_empty());
    }
}
