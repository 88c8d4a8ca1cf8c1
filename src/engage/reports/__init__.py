"""State becomes numbers, read-only: report card, status, exports, views of one prospect."""
