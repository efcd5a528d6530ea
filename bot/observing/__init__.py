"""What somebody who runs the bot sees of its work: figures, and spans. (The log: `bot/logs.py`.)"""
