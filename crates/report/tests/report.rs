//! What a report says, how it escapes, and that it stays a page of its own.

mod sample;

use report::{Figure, Format, HeldOut, MAXIMUM_BYTES, Part, Report};

/// The document without its style sheet and without the pictures' bytes.
fn words(report: &Report) -> String {
    let html = report.html();
    let (head, rest) = html.split_once("<style>").expect("has a style sheet");
    let (_, body) = rest.split_once("</style>").expect("the style sheet ends");
    let mut parts = body.split(";base64,");
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        short.push_str(";base64,…");
        short.push_str(&part[part.find('"').expect("the address ends")..]);
    }
    // One element a line, so that a change is seen where it is.
    format!("{head}<style>…</style>{short}").replace("><", ">\n<")
}

#[test]
fn a_whole_report_is_as_it_was() {
    insta::assert_snapshot!(words(&sample::whole()));
}

#[test]
fn what_a_folder_does_not_hold_is_said_in_its_place() {
    let words = words(&sample::sparse());
    for reason in [
        "It is not known where the images are.",
        "No audit was kept.",
        "Attacks was not measured.",
        "Corruptions was not measured.",
        "Not calibrated.",
        "Pass --data.",
        "No curves.svg.",
        "How it does on attacked or corrupted images was not measured",
        "No attack was tried.",
        "chose its epoch",
    ] {
        assert!(words.contains(reason), "{reason}\n{words}");
    }
    assert!(!words.contains("The original project"), "claims belong to a run of the original's models");
    insta::assert_snapshot!(words);
}

#[test]
fn hostile_names_stay_text() {
    const HOSTILE: &str = "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;.png";
    let mut report = sample::whole();
    report.title = HOSTILE.into();
    report.about = Some(HOSTILE.into());
    report.judge_in_words = HOSTILE.into();
    report.program = HOSTILE.into();
    report.data.name = Part::There(HOSTILE.into());
    report.data.reported_on = HOSTILE.into();
    report.training.trained[0].config = format!("</pre>{HOSTILE}");
    report.training.pipeline = Some(HOSTILE.into());
    report.phases[0].name = HOSTILE.into();
    let judge = HOSTILE.to_owned();
    report.phases.iter_mut().for_each(|phase| phase.clean[0].judge.clone_from(&judge));
    if let Part::There(cases) = &mut report.cases {
        for case in cases.groups.iter_mut().flat_map(|group| &mut group.cases) {
            case.name = HOSTILE.into();
            case.image.alternative = HOSTILE.into();
            case.map.alternative = HOSTILE.into();
        }
    }
    let Part::There(figure) = sample::figure(HOSTILE) else { unreachable!("samples are there") };
    report.figures.attacks = vec![Part::There(Figure { bytes: sample::PIXEL.to_vec(), format: Format::Png, ..figure })];
    let html = report.html();
    assert!(!html.contains("<script"), "a name became an element");
    assert!(!html.contains("<img src=x"), "a name became an element");
    for attribute in ["alt", "aria-label", "content", "title"] {
        for value in html.split(&format!(" {attribute}=\"")).skip(1) {
            let value = &value[..value.find('"').unwrap()];
            assert!(!value.contains('<') || !value.contains("onerror"), "{attribute}: {value}");
        }
    }
    let escaped = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;";
    assert!(html.matches(escaped).count() >= 12, "the name is shown as it is: {}", html.matches(escaped).count());
    assert!(html.contains("&amp;amp;.png"), "what looks escaped already is escaped too");
}

#[test]
fn nothing_is_fetched_and_nothing_runs() {
    for report in [sample::whole(), sample::sparse()] {
        let html = report.html();
        for forbidden in
            ["<script", "http://", "https://", "@import", "url(", "<iframe", "<object", "<form", " onload="]
        {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
        for source in html.split(" src=\"").skip(1) {
            assert!(source.starts_with("data:image/"), "{}", &source[..40]);
        }
        assert!(html.contains("default-src 'none'"));
    }
}

#[test]
fn every_picture_has_words_and_every_link_a_place() {
    let html = sample::whole().html();
    let pictures: Vec<&str> = html.split("<img ").skip(1).map(|rest| &rest[..rest.find('>').unwrap()]).collect();
    assert_eq!(pictures.len(), 6 + 2 * 3);
    for picture in pictures {
        let alt = picture.split(" alt=\"").nth(1).expect("has words").split('"').next().unwrap();
        assert!(alt.len() > 3, "{alt}");
    }
    let targets: Vec<&str> = html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(targets.len(), 1 + 9, "the skip link and nine sections");
    for target in targets {
        assert_eq!(html.matches(&format!(" id=\"{target}\"")).count(), 1, "{target}");
    }
}

#[test]
fn a_report_stays_below_its_size_and_names_what_it_left_out() {
    let mut report = sample::whole();
    let large = |file: &str| {
        Part::There(Figure {
            bytes: vec![7; 3_000_000],
            format: Format::Png,
            alternative: "large".into(),
            caption: "Large.".into(),
            file: file.into(),
        })
    };
    report.figures.attacked_samples = vec![large("first.svg"), large("second.svg"), large("third.svg")];
    report.figures.corruptions = vec![large("heat.svg")];
    let html = report.html();
    assert!(html.len() <= MAXIMUM_BYTES, "{}", html.len());
    // Four bytes for three: two of four find room, and corruptions come before samples.
    assert!(!html.contains("<code>heat.svg</code>"));
    assert_eq!(html.matches("Left out, because this page would grow too large").count(), 2);
    assert!(html.contains("<code>second.svg</code>") && html.contains("<code>third.svg</code>"));
}

/// The two sentences.
fn verdict(report: &Report) -> String {
    let html = report.html();
    html.split("<p class=\"lead\">")
        .skip(1)
        .map(|rest| rest.split("</p>").next().unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_verdict_follows_from_the_numbers() {
    let mut report = sample::whole();
    let set = |report: &mut Report, accuracy: f64, attacked: f64| {
        let last = report.phases.last_mut().unwrap();
        last.clean.iter_mut().for_each(|one| one.accuracy = sample::share(accuracy, 500));
        let Part::There(all) = &mut last.attacks else { unreachable!("samples are attacked") };
        all.iter_mut().flat_map(|one| &mut one.attacks).for_each(|one| {
            one.accuracy = sample::share(attacked, 100);
            one.clean = sample::share(accuracy, 100);
        });
        all.iter_mut().for_each(|one| one.clean = sample::share(accuracy, 100));
        let Part::There(corruptions) = &mut last.corruptions else { unreachable!("samples are corrupted") };
        corruptions.results.iter_mut().for_each(|one| one.accuracy = sample::share(accuracy - 0.02, 100));
    };
    for (accuracy, attacked, worth, advice) in [
        (0.995, 0.95, "rarely wrong", "it held up against what was tried"),
        (0.995, 0.30, "rarely wrong", "do not rely on it where somebody may want to deceive it"),
        (0.90, 0.70, "usually right, and no proof", "trust it less where somebody may want to deceive it"),
        (0.70, 0.65, "a hint and no more", "it held up"),
        (0.52, 0.50, "cannot be told from guessing", "do not rely on it"),
        (0.30, 0.30, "worse than guessing", "do not rely on it"),
    ] {
        set(&mut report, accuracy, attacked);
        let verdict = verdict(&report);
        assert!(verdict.contains(worth) && verdict.contains(advice), "{accuracy}, {attacked}: {verdict}");
        assert!(verdict.contains("chance is 50%"), "{verdict}");
    }
    // Nine of ten images are real: naming them all real is right about nine of ten.
    let last = report.phases.last_mut().unwrap();
    last.clean.iter_mut().for_each(|one| {
        (one.n_real, one.n_fake) = (450, 50);
        one.accuracy = sample::share(0.9, 500);
    });
    let verdict = verdict(&report);
    assert!(verdict.contains("the commoner class would get 90.0%") && verdict.contains("cannot be told"), "{verdict}");
    let html = report.html();
    for caption in ["Share of images judged right", "Mean accuracy over corruptions and severities"] {
        assert!(html.contains(&format!("{caption}; always naming the commoner class would get 90.0%.")), "{caption}");
    }
    assert!(!html.to_lowercase().contains("guessing gets"), "it is said of no balanced classes");
}

#[test]
fn limits_follow_from_what_is_known() {
    let limits = |report: &Report| {
        let html = report.html();
        let list = html.split("<ul class=\"limits\">").nth(1).unwrap().split("</ul>").next().unwrap();
        list.replace("<li>", "").replace("</li>", "\n")
    };
    let mut report = sample::whole();
    let all = limits(&report);
    for known in [
        "32 x 32 pixels",
        "500 images were measured",
        "about 4.0 percentage points",
        "one in 83",
        "AutoAttack",
        "100 images",
    ] {
        assert!(all.contains(known), "{known}\n{all}");
    }
    assert!(!all.contains("not calibrated") && all.contains("One seed"));
    // What is shown for two reasons is one image.
    let Part::There(cases) = &mut report.cases else { unreachable!("samples have cases") };
    let several = cases.groups.iter().flat_map(|group| &group.cases).count();
    let first = cases.groups[0].cases[0].clone();
    cases.groups[0].cases.push(first);
    assert!(limits(&report).contains(&format!("The {several} images shown are chosen")), "{all}");
    report.training.trained[0].seed = 43;
    report.held_out = HeldOut::TestSide;
    report.calibration = Part::Missing("no".into());
    if let Part::There(attacked) = &mut report.phases[1].attacks {
        attacked.iter_mut().for_each(|one| one.attacks[0].attack = "autoattack_two_class".into());
    }
    let all = limits(&report);
    assert!(all.contains("not calibrated") && !all.contains("One seed"), "{all}");
    assert!(all.contains("a part of the same data set") && all.contains("two-class composition"), "{all}");
}
