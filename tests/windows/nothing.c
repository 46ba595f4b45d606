/* A program that does nothing: the first one that Wine runs, which sets up its folder. */
int main(void)
{
    return 0;
}
