"""How the bundled model was made: corpus -> tokenizer -> training -> a hub-layout folder.

    python -m training.train --corpus DIR --minutes 60 --run RUN_DIR --export assets/models/NAME

Nothing in the app imports this package.
"""
