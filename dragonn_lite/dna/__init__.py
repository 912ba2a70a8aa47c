"""What goes in? Sequences, FASTA files and motifs."""
