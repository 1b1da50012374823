use super::*;
use crate::scan::stability::{Level, Stability};
use crate::scan::unlike::{Content, Resolution, Unlike};

fn finding(probability: f64, conformal: Option<ConformalVerdict>, versions: &[f64], content: Unlikeness) -> Finding {
    let [members, votes] = [(); 2].map(|()| vec![probability]);
    let judgement = Judgement { probability_fake: probability, members, votes, degraded: None, conformal };
    let content = Some(Content { judged: content, scores: vec![Some(1.0)] });
    let unlike = Unlike { scale: 1.0, resolution: Resolution::Fits, content };
    let level = if versions.is_empty() { Level::None } else { Level::Fast };
    let stability = Stability::new(level, probability, versions, 0.5);
    Finding::new([32, 32], judgement, 0.5, stability, unlike, None)
}

#[test]
fn a_verdict_stands_only_where_nothing_speaks_against_it() {
    use ConformalVerdict::{Fake, Real, Unsure};
    use Doubt::{AgainstCalibration, BetweenClasses, FarFromTraining, Unstable};
    use Unlikeness::{Alike, Far};
    for (probability, conformal, versions, content, judged, doubts) in [
        (0.9, None, vec![], Alike, Fake, vec![]),
        (0.1, Some(Real), vec![0.2, 0.3], Alike, Real, vec![]),
        (0.6, Some(Unsure), vec![], Alike, Unsure, vec![BetweenClasses]),
        // A threshold of one's own that the calibration contradicts.
        (0.4, Some(Fake), vec![], Alike, Unsure, vec![AgainstCalibration]),
        (0.9, Some(Fake), vec![0.8, 0.4], Alike, Unsure, vec![Unstable]),
        (0.9, Some(Fake), vec![], Unlikeness::Unlike, Fake, vec![]),
        (0.6, Some(Unsure), vec![0.1, 0.2], Far, Unsure, vec![BetweenClasses, Unstable, FarFromTraining]),
    ] {
        let found = finding(probability, conformal, &versions, content);
        assert_eq!((found.judged, &found.doubts), (judged, &doubts), "{found:?}");
        assert_eq!(found.verdict == Label::Fake, probability >= 0.5);
    }
}
