"""Explanations made again from their records, and compared with what they were."""

from seewhy.studies.reproduce.make_again import reproduce
from seewhy.studies.reproduce.reproduction import Reproduced, Reproduction

__all__ = ["Reproduced", "Reproduction", "reproduce"]
