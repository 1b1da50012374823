//! Encoded images out of Parquet files: each row group once, in batches of bounded size.

use std::fs::File;
use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReaderBuilder, RowSelection, RowSelector};
use rayon::prelude::*;

use super::access::Visit;
use super::decode::{Defect, Limits};
use super::parquet::open_file;

/// Encoded bytes read ahead at a time. While one batch is decoded the next is read.
const BATCH_BYTES: u64 = 4 << 20;
/// Rows read ahead at a time for each thread: enough to keep it busy between two reads.
const BATCH_ROWS_PER_THREAD: u64 = 64;

/// Visits the wanted rows of one file, in parallel. `wanted` is `(row, position)` sorted by row; each
/// position is visited exactly once.
pub(super) fn visit(file: &Path, wanted: &[(usize, usize)], limits: &Limits, visit: &Visit<'_>) {
    let refuse_all = |rest: &[(usize, usize)], defect: &Defect| {
        for &(_, position) in rest {
            visit(position, Err(defect.clone()));
        }
    };
    let first = match open_file(file) {
        Ok(builder) => builder,
        Err(error) => return refuse_all(wanted, &damaged(error)),
    };
    let metadata = first.metadata().clone();
    let most_rows = BATCH_ROWS_PER_THREAD * rayon::current_num_threads() as u64;
    let mut rest = wanted;
    let mut start = 0;
    for (group, group_metadata) in metadata.row_groups().iter().enumerate() {
        let rows = usize::try_from(group_metadata.num_rows()).unwrap_or(0);
        let (own, later) = rest.split_at(rest.partition_point(|&(row, _)| row < start + rows));
        rest = later;
        if !own.is_empty() {
            let mean_bytes = u64::try_from(group_metadata.total_byte_size()).unwrap_or(0) / (rows.max(1) as u64);
            let batch_rows = (BATCH_BYTES / mean_bytes.max(1)).clamp(1, most_rows) as usize;
            if let Err((unvisited, defect)) = visit_group(file, group, start, batch_rows, own, limits, visit) {
                refuse_all(unvisited, &defect);
            }
        }
        start += rows;
    }
    refuse_all(
        rest,
        &Defect::new(format!("{start} rows"), "the row that was there when the file was opened", "open it again"),
    );
}

type Unvisited<'wanted> = (&'wanted [(usize, usize)], Defect);

fn visit_group<'wanted>(
    file: &Path,
    group: usize,
    start: usize,
    batch_rows: usize,
    wanted: &'wanted [(usize, usize)],
    limits: &Limits,
    visit: &Visit<'_>,
) -> Result<(), Unvisited<'wanted>> {
    let builder = open_file(file).map_err(|error| (wanted, damaged(error)))?;
    let mut reader = only_images(builder)
        .with_row_groups(vec![group])
        .with_row_selection(selection(start, wanted))
        .with_batch_size(batch_rows)
        .build()
        .map_err(|error| (wanted, damaged(error)))?;

    let mut rest = wanted;
    let mut batch = reader.next();
    while !rest.is_empty() {
        let current = match batch.take() {
            Some(Ok(batch)) if batch.num_rows() > 0 => batch,
            Some(Ok(_)) | None => return Err((rest, damaged("fewer rows than its footer says"))),
            Some(Err(error)) => return Err((rest, damaged(error))),
        };
        // A row wanted twice is read once.
        let ranks = ranks(rest);
        let (own, later) = rest.split_at(ranks.partition_point(|&rank| rank < current.num_rows()));
        let work = || {
            own.par_iter().zip(&ranks).for_each(|(&(_, position), &rank)| match encoded(&current, rank) {
                Ok(bytes) if bytes.len() as u64 > limits.max_file_bytes => {
                    visit(position, Err(Defect::too_many_bytes(bytes.len() as u64, limits)));
                }
                outcome => visit(position, outcome),
            });
        };
        rest = later;
        (batch, ()) = rayon::join(|| if rest.is_empty() { None } else { reader.next() }, work);
    }
    Ok(())
}

/// For each wanted row, how many different rows come before it.
fn ranks(wanted: &[(usize, usize)]) -> Vec<usize> {
    let mut rank = 0;
    let steps = wanted.windows(2).map(|pair| usize::from(pair[0].0 != pair[1].0));
    std::iter::once(0)
        .chain(steps)
        .map(|step| {
            rank += step;
            rank
        })
        .collect()
}

fn only_images(builder: ParquetRecordBatchReaderBuilder<File>) -> ParquetRecordBatchReaderBuilder<File> {
    let nested =
        builder.schema().field_with_name("image").is_ok_and(|field| matches!(field.data_type(), DataType::Struct(_)));
    let column = if nested { "image.bytes" } else { "image" };
    let mask = ProjectionMask::columns(builder.parquet_schema(), [column]);
    builder.with_projection(mask)
}

fn selection(start: usize, wanted: &[(usize, usize)]) -> RowSelection {
    let mut selectors: Vec<RowSelector> = Vec::new();
    let mut next = start;
    for &(row, _) in wanted {
        if row < next {
            continue;
        }
        if row > next {
            selectors.push(RowSelector::skip(row - next));
        }
        match selectors.last_mut() {
            Some(last) if !last.skip => last.row_count += 1,
            _ => selectors.push(RowSelector::select(1)),
        }
        next = row + 1;
    }
    RowSelection::from(selectors)
}

fn encoded(batch: &RecordBatch, row: usize) -> Result<&[u8], Defect> {
    let column = batch.column(0);
    let null = || {
        Defect::new(
            "no image bytes",
            "the image embedded in the row",
            "save the data set with its images embedded, or leave the row out",
        )
    };
    match column.data_type() {
        DataType::Struct(_) if column.is_valid(row) => binary(column.as_struct().column(0), row).ok_or_else(null),
        DataType::Struct(_) => Err(null()),
        _ => binary(column, row).ok_or_else(null),
    }
}

fn binary(column: &ArrayRef, row: usize) -> Option<&[u8]> {
    if column.is_null(row) {
        return None;
    }
    match column.data_type() {
        DataType::Binary => Some(column.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Some(column.as_binary::<i64>().value(row)),
        DataType::BinaryView => Some(column.as_binary_view().value(row)),
        _ => None,
    }
}

fn damaged(reason: impl std::fmt::Display) -> Defect {
    Defect::new(format!("a damaged Parquet file ({reason})"), "a whole Parquet file", "fetch the file again")
}
