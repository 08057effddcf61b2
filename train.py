"""Train replicas of a recurrent network on DigitSum: `python train.py --help`."""

from digitsum.reports.commands import train

if __name__ == "__main__":
    train()
