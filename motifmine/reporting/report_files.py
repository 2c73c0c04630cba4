"""Names of the files of a report."""

REPORT_NAME = "report.html"
TEXT_NAME = "motifs.txt"  # the table of motifs as it is printed, with a line on each
JSON_NAME = "motifs.json"
