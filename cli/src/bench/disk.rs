use measure::Quantiles;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// What one small write costs until the disk has it (write + fdatasync of 8 KiB), as a commit's WAL write does.
pub(super) fn sync_cost(folder: &Path) -> anyhow::Result<Quantiles> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        file.write_all(&[7_u8; 8192])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    Ok(Quantiles::of(times))
}
