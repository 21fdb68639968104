//! Documents in any format: what they are found to be, and the process that parses them.
mod agreement;
mod every_file;
mod found;
mod hostile_pdf;
mod kept_pages;
mod limits;
mod nul;
mod pictures_inside;
mod processes;
mod recognition;
mod shown;
mod support;
