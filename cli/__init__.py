"""The command line of motifmine (this folder is installed as `motifmine_cli`)."""
