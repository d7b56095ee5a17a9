"""What a book prints and names: where each line and each stage stands."""
