"""Train replicas of a recurrent network on DigitSum: `python train.py --help`."""

from digitsum.studies.commands import train

if __name__ == "__main__":
    train()
