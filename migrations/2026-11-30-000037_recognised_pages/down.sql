DROP TABLE recognised_pages;
