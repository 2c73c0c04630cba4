"""`python -m motifmine_cli` is `motifmine`."""

from .main import main

main()
