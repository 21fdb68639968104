use super::shapes::Shape;

/// Slides of more shapes are drawings, which have no columns.
const MAX_SHAPES: usize = 64;
/// Shapes that overlap by less stand beside each other: an eighth of an inch. One of unknown width is twice as wide.
const OVERLAP: i64 = 114_300;

/// The shapes column by column where two or more stand in each of two or more columns that are about as wide: a comparison, or cards of a
/// heading and a text. What reaches over several columns stands above or below them. Everything else is in rows, by `sort`.
pub(super) fn in_columns<'a>(mut shapes: Vec<Shape<'a>>, sort: fn(&mut [Shape<'a>])) -> Vec<Shape<'a>> {
    if shapes.len() > MAX_SHAPES {
        sort(&mut shapes);
        return shapes;
    }
    let (mut titles, mut others): (Vec<_>, Vec<_>) = shapes.into_iter().partition(Shape::is_title);
    let silent: Vec<_> = others.extract_if(.., |shape| !shape.says_something()).collect();
    others.sort_by_key(|shape| shape.position.top);
    let bands = bands(others);
    if !bands.iter().any(|band| columns(band).is_some()) {
        let mut rows: Vec<_> = titles
            .into_iter()
            .chain(bands.into_iter().flatten())
            .chain(silent)
            .collect();
        sort(&mut rows);
        return rows;
    }
    sort(&mut titles);
    let mut ordered = titles;
    for mut band in bands {
        match columns(&band) {
            Some(columns) => band.sort_by_key(|shape| column_of(shape, &columns)),
            None => sort(&mut band),
        }
        ordered.extend(band);
    }
    ordered.extend(silent);
    ordered
}

/// Cuts shapes, which come from top to bottom, above and below each that reaches over several columns.
fn bands(shapes: Vec<Shape<'_>>) -> Vec<Vec<Shape<'_>>> {
    let spans: Vec<Span> = shapes.iter().map(Span::of).collect();
    let mut bands = Vec::new();
    let mut band = Vec::new();
    for (shape, span) in shapes.into_iter().zip(&spans) {
        if span.reaches_over_several(&spans) {
            bands.push(std::mem::take(&mut band));
            bands.push(vec![shape]);
        } else {
            band.push(shape);
        }
    }
    bands.push(band);
    bands
}

/// The columns of shapes, from left to right, if each has two shapes or more and none is half as wide as another.
fn columns(band: &[Shape<'_>]) -> Option<Vec<Span>> {
    let mut spans: Vec<Span> = band.iter().map(Span::of).collect();
    spans.sort_by_key(|span| span.left);
    let mut columns: Vec<(Span, usize)> = Vec::new();
    for span in spans {
        match columns.last_mut() {
            Some((column, shapes)) if column.overlaps(&span) => {
                column.right = column.right.max(span.right);
                *shapes += 1;
            }
            _ => columns.push((span, 1)),
        }
    }
    let widths = || {
        columns
            .iter()
            .map(|(column, _)| column.right.saturating_sub(column.left))
    };
    let about_as_wide = widths().min()? >= widths().max()? / 2;
    let stacked = columns.len() > 1 && columns.iter().all(|(_, shapes)| *shapes > 1);
    (stacked && about_as_wide).then(|| columns.into_iter().map(|(column, _)| column).collect())
}

fn column_of(shape: &Shape<'_>, columns: &[Span]) -> usize {
    columns
        .iter()
        .take_while(|column| column.right <= shape.position.left.saturating_add(OVERLAP))
        .count()
}

/// From where to where a shape or a column reaches across the slide.
#[derive(Debug, Clone, Copy)]
struct Span {
    left: i64,
    right: i64,
}

impl Span {
    fn of(shape: &Shape<'_>) -> Span {
        let left = shape.position.left;
        Span {
            left,
            right: left.saturating_add(shape.position.width.max(2 * OVERLAP)),
        }
    }

    fn overlaps(&self, other: &Span) -> bool {
        self.left.max(other.left).saturating_add(OVERLAP) < self.right.min(other.right)
    }

    /// Whether it overlaps two that stand beside each other.
    fn reaches_over_several(&self, all: &[Span]) -> bool {
        let mut touched = all.iter().filter(|other| self.overlaps(other)).peekable();
        let Some(first) = touched.peek().map(|span| **span) else {
            return false;
        };
        let ends = touched.fold(first, |ends, span| Span {
            left: ends.left.max(span.left),
            right: ends.right.min(span.right),
        });
        ends.left.saturating_add(OVERLAP) >= ends.right
    }
}
