"""The task: where examples come from, how a file of them is written, the DataModule.

Chosen by `data=` (conf/data). Nothing here knows of networks or of training.
"""
