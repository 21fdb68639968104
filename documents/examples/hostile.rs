use documents::*;
use std::time::Instant;
fn main() {
    let n = 10_000_000usize;
    let rep = |s: &str| s.repeat(n / s.len());
    let md = ["> ", "[", "![a](", "*a _b ", "`a``", "<a ", "<script>", "<div>\n\n", "- ", "# ", "a\n", "- a\n", "a\n\n", "[a](b) ", "|a|b|\n|-|-|\n", "&amp;", "a **b** c\n", "<b>", "\\", "text <script>a", "[^1]: a\n\n", "[a]: b\n", "***a ", "~~~\n", "    a\n\n", "<!-- a -->\n\n"];
    let mdx = ["{", "{'", "{/*", "<!--", "<A b='", "<A b={", "<A b=\"<A c='d\" ", "<A>", "<script>", "<table>", "`", "` `` ``` ", "<A>\n  ", "export const a = {\n", "{a}", "<A title=\"x\">\n", "<table></table>", ":::note a\n"];
    let html = ["<p>a", "<a", "<!--", "<li>a", "</div>", "&amp", "<a href=x>a</a>", "<br>", "<p><b>x</b></p>\n", "<table><tr><td>a</td></tr></table>", "<div>text, more text here, and so on it goes for a while.</div>\n", "<b><i>", "<td>a", "<select><option>a", "<form><p>", "<template>a</template>", "<a><p></a>", "</p>", "</br>", "<svg/>", "<p></a></b></i>x", "<div style='display:none'>"];
    for (f, list) in [(Format::Markdown, &md[..]), (Format::Mdx, &mdx[..]), (Format::Html, &html[..]), (Format::PlainText, &["a", "a\n\n", ". ", "漢"][..])] {
        for s in list {
            let text = format!("{}a", rep(s));
            let t = Instant::now();
            let r = parse(text.as_bytes(), f);
            let p = t.elapsed();
            let t = Instant::now();
            let c = r.as_ref().map(|d| chunk(d, "T", &ChunkOptions { max_tokens: 254, overlap_tokens: 32 }, &|t: &str| t.len() / 4).len());
            if p.as_secs_f32() > 3.0 || t.elapsed().as_secs_f32() > 8.0 { print!("SLOW "); }
            println!("{f:?} {s:?} parse {p:?} chunk {:?} {:?}", t.elapsed(), c.map_err(|e| e.code()));
        }
    }
}
