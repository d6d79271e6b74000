"""Where bank files come from: uploads and the drop folder. What comes is hostile until its totals are proved."""
