"""Quiz: is this text coloured by a neuron that differs between the classes, or by another one?"""

from ui import learner, page

page.require_shell()
learner.begin()
