"""Assessment: cases, figures by month and subject, rankings, and the audit of them."""
