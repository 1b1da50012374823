//! What was found, as a table, CSV or JSON.

use fauxto::Label;
use fauxto::calibrate::ConformalVerdict;
use fauxto::out_of_distribution::Unlikeness;
use fauxto::predict::Predictor;

use super::super::{say, say_json};
use super::row::Row;
use crate::{progress, table};

pub(super) fn rows(arguments: &super::Arguments, predictor: &Predictor, rows: &[Row]) -> anyhow::Result<()> {
    if arguments.json {
        return say_json(&rows);
    }
    let names: Vec<&str> = predictor.members().iter().map(|member| member.name.as_str()).collect();
    if arguments.csv {
        return as_csv(&names, rows);
    }
    as_table(&names, rows)
}

fn of_model(row: &Row, name: &str) -> Option<f64> {
    row.models.as_ref().and_then(|models| models.get(name)?.as_f64())
}

fn as_csv(names: &[&str], rows: &[Row]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(crate::output::output());
    let header = ["path", "verdict", "judgement", "probability_fake"].into_iter().chain(names.iter().copied());
    let rest = ["doubts", "spread", "flips", "width", "height", "content", "tiles_probability_fake", "error"];
    writer.write_record(header.chain(rest))?;
    for row in rows {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
        let name = |value: &Option<String>| value.clone().unwrap_or_default();
        let stability = row.stability.as_ref();
        let unlike = row.unlike.as_ref();
        let doubts = row.doubts.iter().flatten().map(plain).collect::<Vec<_>>().join(" ");
        let mut record = vec![
            row.path.clone(),
            row.verdict.map_or("", Label::name).to_owned(),
            row.judgement.map_or("", ConformalVerdict::name).to_owned(),
            number(row.probability_fake),
        ];
        record.extend(names.iter().map(|name| number(of_model(row, name))));
        record.extend([
            doubts,
            number(stability.map(|stability| stability.spread)),
            stability.map_or_else(String::new, |stability| stability.flips.join(" ")),
            unlike.map_or_else(String::new, |unlike| unlike.width.to_string()),
            unlike.map_or_else(String::new, |unlike| unlike.height.to_string()),
            unlike.and_then(|unlike| unlike.content).map_or_else(String::new, |content| plain(&content)),
            number(row.tiles.as_ref().map(|tiles| tiles.probability_fake)),
            name(&row.error),
        ]);
        writer.write_record(record)?;
    }
    writer.flush()?;
    Ok(())
}

/// The name that JSON has.
fn plain(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| Some(value.as_str()?.to_owned())).unwrap_or_default()
}

fn as_table(names: &[&str], rows: &[Row]) -> anyhow::Result<()> {
    let several = names.len() > 1;
    let stability = rows.iter().any(|row| row.stability.is_some());
    let tiles = rows.iter().any(|row| row.tiles.is_some());
    let mut header = vec!["", "judgement", "P(fake)"];
    if several {
        header.extend(names);
    }
    if stability {
        header.push("spread");
    }
    if tiles {
        header.push("tiles");
    }
    header.push("remarks");
    let lines = rows.iter().map(|row| {
        let number = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.3}"));
        let verdict = row.judgement.map_or("error", ConformalVerdict::name).to_owned();
        let mut line = vec![row.path.clone(), verdict, number(row.probability_fake)];
        if several {
            line.extend(names.iter().map(|name| number(of_model(row, name))));
        }
        if stability {
            line.push(number(row.stability.as_ref().map(|stability| stability.spread)));
        }
        if tiles {
            line.push(row.tiles.as_ref().map_or_else(String::new, |tiles| {
                format!("{:.3} ({} of {} fake)", tiles.probability_fake, tiles.n_fake, tiles.tiles.len())
            }));
        }
        line.push(row.remarks().join("; "));
        line
    });
    say(table::table(&header, lines))?;
    for row in rows.iter() {
        if let Some(error) = &row.error {
            let named = if error.starts_with(&row.path) { String::new() } else { format!("{}: ", row.path) };
            progress::note(format!("error: {named}{error}"));
        }
    }
    if rows.len() > 1 {
        let count = |verdict| rows.iter().filter(|row| row.judgement == Some(verdict)).count();
        let [real, fake, unsure] = ConformalVerdict::ALL.map(count);
        let broken = rows.iter().filter(|row| row.error.is_some()).count();
        say(format!("{real} real, {fake} fake, {unsure} unsure, {broken} not judged"))?;
    }
    let unlike = rows.iter().filter_map(|row| row.unlike.as_ref());
    let far = unlike.filter(|unlike| unlike.content.is_some_and(|content| content != Unlikeness::Alike)).count();
    if far > 0 {
        progress::note(format!("{far} unlike what the model learned from: there its probability is an extrapolation"));
    }
    Ok(())
}
