use crate::outline::Outline;
use crate::package::{Package, Relationships, attribute};
use crate::pictures::Pictures;

/// Appends the words of the pictures that lie on a sheet (ECMA-376 part 1 §20.5), in their order in the file. What cannot be read of them costs the workbook nothing.
pub(super) fn append(package: &mut Package<'_>, sheet: &str, pictures: &mut Pictures<'_>, outline: &mut Outline) {
    let of_sheet = Relationships::of(package, sheet).unwrap_or_default();
    let Some(drawing) = of_sheet.of_kind("drawing") else {
        return;
    };
    let of_drawing = Relationships::of(package, drawing).unwrap_or_default();
    let Ok(Some(content)) = package.part(drawing) else {
        return;
    };
    let Ok(tree) = content.tree() else { return };
    let blips = tree.descendants().filter(|node| node.tag_name().name() == "blip");
    for part in blips.filter_map(|blip| of_drawing.part(attribute(blip, "embed")?)) {
        pictures.append(package, part, outline);
    }
}
